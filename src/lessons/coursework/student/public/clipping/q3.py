from lessons.coursework.student.cases import test_case

OK_FORMAT = False

name = "q3"
points = None


@test_case(
    name="example value",
    points=0,
    hidden=False,
    failure_message="Each element alone is moved into the interval; what lies inside stays. None stays None. Return a new list of new tensors.",
)
def test_example_value(clip_by_value):
    import torch

    from lessons.coursework.student import expect

    given = [torch.tensor([2.0, -0.5]), None, torch.tensor([[-3.0]])]
    before = [None if g is None else g.clone() for g in given]
    got = clip_by_value(given, 1.0)
    call = "clip_by_value([tensor([2, -0.5]), None, tensor([[-3]])], 1)"
    expect.tensors(got, [torch.tensor([1.0, -0.5]), None, torch.tensor([[-1.0]])], call, 0)
    expect.kept(clip_by_value, given, before, call)


@test_case(
    name="example value infinite",
    points=0,
    hidden=False,
    failure_message="An element that is inf counts as very large, and one that is -inf as very small. Keep the dtype.",
)
def test_example_value_infinite(clip_by_value):
    import torch

    from lessons.coursework.student import expect

    given = [torch.tensor([float("inf"), 0.25, float("-inf")], dtype=torch.float64)]
    wanted = [torch.tensor([0.5, 0.25, -0.5], dtype=torch.float64)]
    call = "clip_by_value([tensor([inf, 0.25, -inf], dtype=torch.float64)], 0.5)"
    expect.tensors(clip_by_value(given, 0.5), wanted, call, 0)


@test_case(
    name="example angle",
    points=0,
    hidden=False,
    failure_message="The angle between (1, 0) and (1, 1) is 45 degrees. 0.785 would be radians, 0.707 is the cosine.",
)
def test_example_angle(turned):
    import torch

    from lessons.coursework.student import expect

    got = turned([torch.tensor([1.0, 0.0])], [torch.tensor([1.0, 1.0])])
    expect.number(got, 45.0, "turned([tensor([1, 0])], [tensor([1, 1])])", 1e-4)


@test_case(
    name="example angle of lists",
    points=0,
    hidden=False,
    failure_message="Read the whole list as one arrow: one sum of products, two lengths. Leave out None.",
)
def test_example_angle_of_lists(turned):
    import torch

    from lessons.coursework.student import expect

    before = [torch.tensor([1.0]), None, torch.tensor([[0.0]])]
    after = [torch.tensor([2.0]), None, torch.tensor([[-2.0]])]
    call = "turned([tensor([1]), None, tensor([[0]])], [tensor([2]), None, tensor([[-2]])])"
    expect.number(turned(before, after), 45.0, call, 1e-4)


@test_case(
    name="example angle extremes",
    points=0,
    hidden=False,
    failure_message="Gradients near 1e-30 have an angle: calculate in float64. Zeros have none: nan.",
)
def test_example_angle_extremes(turned):
    import math

    import torch

    from lessons.coursework.student import expect

    tiny = [torch.tensor([1e-30, 0.0])], [torch.tensor([1e-30, 1e-30])]
    expect.number(
        turned(*tiny), 45.0, "turned([tensor([1e-30, 0])], [tensor([1e-30, 1e-30])])", 1e-4
    )
    zeros = [torch.zeros(2)], [torch.ones(2)]
    expect.number(turned(*zeros), math.nan, "turned([tensor([0, 0])], [tensor([1, 1])])")
