from lessons.coursework.cases import test_case

OK_FORMAT = False

name = "q2"
points = None


@test_case(
    name="one cut",
    points=1,
    hidden=False,
    failure_message="The norm of all tensors together is 13, the threshold 6.5: every element is halved. Return a new list of new tensors.",
)
def test_one_cut(clip_by_global_norm):
    import torch

    from lessons.coursework import expect

    given = [torch.tensor([3.0, 4.0]), torch.tensor([[12.0]])]
    got = clip_by_global_norm(given, 6.5)
    call = "clip_by_global_norm([tensor([3, 4]), tensor([[12]])], 6.5)"
    expect.tensors(got, [torch.tensor([1.5, 2.0]), torch.tensor([[6.0]])], call, 1e-5)
    unchanged = torch.equal(given[0], torch.tensor([3.0, 4.0]))
    assert unchanged, "The tensors that were given have changed. Return new ones."


@test_case(
    name="tiny gradients and none",
    points=1,
    hidden=False,
    failure_message="None stays None. Below the threshold nothing changes. If the result is nearly right: next to numbers this small, even 1e-6 is not small.",
)
def test_tiny_gradients_and_none(clip_by_global_norm):
    import torch

    from lessons.coursework import expect

    given = [torch.tensor([3e-4]), None, torch.tensor([4e-4])]
    call = "clip_by_global_norm([tensor([3e-4]), None, tensor([4e-4])], {})"
    expect.tensors(clip_by_global_norm(given, 1e-3), given, call.format("1e-3"), 1e-5)
    half = [torch.tensor([1.5e-4]), None, torch.tensor([2e-4])]
    expect.tensors(clip_by_global_norm(given, 2.5e-4), half, call.format("2.5e-4"), 1e-5)
