from lessons.coursework.cases import test_case

OK_FORMAT = False

name = "q3"
points = None


@test_case(
    name="value example",
    points=1,
    hidden=False,
    failure_message="Each element alone is moved into the interval; what lies inside stays. None stays None. Return a new list of new tensors.",
)
def test_value_example(clip_by_value):
    import torch

    from lessons.coursework import expect

    given = [torch.tensor([2.0, -0.5]), None, torch.tensor([[-3.0]])]
    got = clip_by_value(given, 1.0)
    call = "clip_by_value([tensor([2, -0.5]), None, tensor([[-3]])], 1)"
    expect.tensors(got, [torch.tensor([1.0, -0.5]), None, torch.tensor([[-1.0]])], call, 0)
    unchanged = torch.equal(given[0], torch.tensor([2.0, -0.5]))
    assert unchanged, "The tensors that were given have changed. Return new ones."


@test_case(
    name="angle example",
    points=0.5,
    hidden=False,
    failure_message="The angle between (1, 0) and (1, 1) is 45 degrees. 0.785 would be radians, 0.707 is the cosine.",
)
def test_angle_example(turned):
    import torch

    from lessons.coursework import expect

    got = turned([torch.tensor([1.0, 0.0])], [torch.tensor([1.0, 1.0])])
    expect.number(got, 45.0, "turned([tensor([1, 0])], [tensor([1, 1])])", 1e-4)
