from lessons.coursework.student.cases import test_case

OK_FORMAT = False

name = "q2"
points = None


@test_case(
    name="example one cut",
    points=0,
    hidden=False,
    failure_message="The norm of all tensors together is 13, the threshold 6.5: every element is halved. Return a new list of new tensors.",
)
def test_example_one_cut(clip_by_global_norm):
    import torch

    from lessons.coursework.student import expect

    given = [torch.tensor([3.0, 4.0]), torch.tensor([[12.0]])]
    before = [g.clone() for g in given]
    got = clip_by_global_norm(given, 6.5)
    call = "clip_by_global_norm([tensor([3, 4]), tensor([[12]])], 6.5)"
    expect.tensors(got, [torch.tensor([1.5, 2.0]), torch.tensor([[6.0]])], call, 1e-5)
    expect.kept(clip_by_global_norm, given, before, call)


@test_case(
    name="example none",
    points=0,
    hidden=False,
    failure_message="An entry that is None stays None, at its place.",
)
def test_example_none(clip_by_global_norm):
    import torch

    from lessons.coursework.student import expect

    given = [torch.tensor([3.0]), None, torch.tensor([4.0])]
    half = [torch.tensor([1.5]), None, torch.tensor([2.0])]
    call = "clip_by_global_norm([tensor([3]), None, tensor([4])], 2.5)"
    expect.tensors(clip_by_global_norm(given, 2.5), half, call, 1e-5)


@test_case(
    name="example tiny gradients",
    points=0,
    hidden=False,
    failure_message="Add nothing to the norm: next to numbers this small, even 1e-6 is not small.",
)
def test_example_tiny_gradients(clip_by_global_norm):
    import torch

    from lessons.coursework.student import expect

    given = [torch.tensor([3e-4]), torch.tensor([4e-4])]
    half = [torch.tensor([1.5e-4]), torch.tensor([2e-4])]
    call = "clip_by_global_norm([tensor([3e-4]), tensor([4e-4])], 2.5e-4)"
    expect.tensors(clip_by_global_norm(given, 2.5e-4), half, call, 1e-5)


@test_case(
    name="example direction",
    points=0,
    hidden=False,
    failure_message="Keep the dtype of each tensor. All elements lose the same share, whatever their size.",
)
def test_example_direction(clip_by_global_norm):
    import torch

    from lessons.coursework.student import expect

    given = [torch.tensor([300.0], dtype=torch.float64), torch.tensor([0.4], dtype=torch.float64)]
    wanted = [g * (3.0 / (90000.16**0.5)) for g in given]
    call = "clip_by_global_norm([tensor([300]), tensor([0.4])], 3) in float64"
    expect.tensors(clip_by_global_norm(given, 3.0), wanted, call, 1e-9)


@test_case(
    name="example below",
    points=0,
    hidden=False,
    failure_message="At or below the threshold the values stay as they are.",
)
def test_example_below(clip_by_global_norm):
    import torch

    from lessons.coursework.student import expect

    call = "clip_by_global_norm([tensor([3, 4])], {})"
    for threshold in (5.0, 6.0):
        wanted = [torch.tensor([3.0, 4.0])]
        got = clip_by_global_norm([torch.tensor([3.0, 4.0])], threshold)
        expect.tensors(got, wanted, call.format(f"{threshold:g}"), 0)


@test_case(
    name="example huge and zero",
    points=0,
    hidden=False,
    failure_message="Elements near 1e30 keep their direction, if the norm is right. Zeros stay zeros.",
)
def test_example_huge_and_zero(clip_by_global_norm):
    import torch

    from lessons.coursework.student import expect

    got = clip_by_global_norm([torch.tensor([3e30, 4e30])], 5.0)
    call = "clip_by_global_norm([tensor([3e30, 4e30])], 5)"
    expect.tensors(got, [torch.tensor([3.0, 4.0])], call, 1e-5)
    got = clip_by_global_norm([torch.zeros(2)], 5.0)
    expect.tensors(got, [torch.zeros(2)], "clip_by_global_norm([tensor([0, 0])], 5)", 0)


@test_case(
    name="example not finite",
    points=0,
    hidden=False,
    failure_message="One element that is inf or nan makes every tensor zeros. Multiplying does not help: 0 times inf is nan.",
)
def test_example_not_finite(clip_by_global_norm):
    import torch

    from lessons.coursework.student import expect

    wanted = [torch.zeros(2), torch.zeros(1)]
    for name in ("inf", "nan"):
        given = [torch.tensor([1.0, float(name)]), torch.tensor([2.0])]
        call = f"clip_by_global_norm([tensor([1, {name}]), tensor([2])], 5)"
        expect.tensors(clip_by_global_norm(given, 5.0), wanted, call, 0)
