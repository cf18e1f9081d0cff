"""The walk through time of one LSTM layer: fused gates, and a backward pass written by hand."""

import torch

_slope = torch.ops.aten  # sigmoid_backward(d, s) is d·s(1-s); tanh_backward(d, t) is d·(1-t²)
_KEPT = 8  # tensors that a step keeps for the way back


class Loop(torch.autograd.Function):
    r"""Read the steps of one layer, in one direction.

    At each step all gates come from one matrix product,

    .. math:: z = x_t + h W^\top, \quad c \leftarrow \sigma(z_f) c + \sigma(z_i) \tanh(z_g), \quad
              h \leftarrow \sigma(z_o) \tanh(c).

    A step reads the first ``n`` sequences of the batch, those that are long enough; the state of
    the others stays. The way back computes the gradient of W once, from all steps together.

    Parameters
    ----------
    steps : Tensor, shape (sum of sizes, 4 width)
        What the input adds to the gates, step after step, in PyTorch's order i, f, g, o.
    weight : Tensor, shape (4 width, width)
    h, c : Tensor, shape (batch, width)
        The state before the first step.
    sizes : list of int
        How many sequences each step has.
    reverse : bool
        Read from the last step to the first.

    Returns
    -------
    out : Tensor, shape (sum of sizes, width)
        h of each step.
    h, c : Tensor, shape (batch, width)
        The state after the last step that was read.
    """

    @staticmethod
    def forward(ctx, steps, weight, h, c, sizes, reverse):
        """Walk forward in time (or backward, in a reverse layer), one matrix product a step."""
        width = weight.shape[1]
        outs, kept = [], []
        for (step,) in _pieces(sizes, reverse, steps):
            n = len(step)
            old_h, old_c = (h, c) if n == len(h) else (h[:n], c[:n])
            z = torch.addmm(step, old_h, weight.t())  # (n, 4 width)
            i, f, g, o = z.chunk(4, 1)
            z[:, : 2 * width].sigmoid_(), g.tanh_(), o.sigmoid_()
            new_c = torch.mul(i, g).addcmul_(f, old_c)
            read = new_c.tanh()
            outs.append(o * read)
            kept += [i, f, g, o, z[:, : 2 * width], read, old_h, old_c]
            h, c = _first(outs[-1], h), _first(new_c, c)
        ctx.save_for_backward(weight, *kept)
        ctx.order = sizes, reverse
        return torch.cat(outs[::-1] if reverse else outs), h, c

    @staticmethod
    def backward(ctx, d_out, dh, dc):
        """Walk the other way: the gradient of the memory is multiplied by f, and added to."""
        if torch.is_grad_enabled():  # what follows would be missing in the second derivative
            raise NotImplementedError(
                "The gradient of this LSTM cannot be differentiated again (create_graph=True); "
                "use nn.LSTM or TextbookLSTM."
            )
        weight, *kept = ctx.saved_tensors
        sizes, reverse = ctx.order
        width = weight.shape[1]
        d_steps = d_out.new_empty(len(d_out), 4 * width)
        for place, d in _pieces(sizes, not reverse, d_steps, d_out):
            i, f, g, o, both, read, _, old_c = kept[-_KEPT:]
            del kept[-_KEPT:]
            n = len(d)
            d = d + (dh if n == len(dh) else dh[:n])
            d_c = _slope.tanh_backward(d * o, read).add_(dc if n == len(dc) else dc[:n])
            d_i, d_f, d_g, d_o = place.chunk(4, 1)
            torch.mul(d_c, g, out=d_i), torch.mul(d_c, old_c, out=d_f)
            torch.mul(d_c, i, out=d_g), torch.mul(d, read, out=d_o)
            _slope.sigmoid_backward(place[:, : 2 * width], both, grad_input=place[:, : 2 * width])
            _slope.tanh_backward(d_g, g, grad_input=d_g)
            _slope.sigmoid_backward(d_o, o, grad_input=d_o)
            dh, dc = _first(place @ weight, dh), _first(d_c * f, dc)
        before = torch.cat(ctx.saved_tensors[_KEPT - 1 :: _KEPT])  # old_h of each step
        in_order = (
            torch.cat([p for (p,) in _pieces(sizes, reverse, d_steps)]) if reverse else d_steps
        )
        return d_steps, in_order.t() @ before, dh, dc, None, None


def _first(new, old):
    """Put the state of the sequences that were read in the place of their old one."""
    return new if len(new) == len(old) else torch.cat([new, old[len(new) :]])


def _pieces(sizes, reverse, *tensors):
    """Return the steps' parts of each tensor, in the order of reading."""
    pieces = list(zip(*(tensor.split(sizes) for tensor in tensors), strict=True))
    return pieces[::-1] if reverse else pieces
