from lessons.coursework.student.cases import test_case

OK_FORMAT = False

name = "q1"
points = None


@test_case(
    name="example one tensor",
    points=0,
    hidden=False,
    failure_message="Square every element, add up, take the square root, and return a Python number.",
)
def test_example_one_tensor(global_norm):
    import torch

    from lessons.coursework.student import expect

    call = "global_norm([tensor([3, 4])])"
    expect.number(global_norm([torch.tensor([3.0, 4.0])]), 5.0, call)


@test_case(
    name="example several tensors",
    points=0,
    hidden=False,
    failure_message="The list is one long arrow. Add up the squares of all tensors first; take one square root at the end.",
)
def test_example_several_tensors(global_norm):
    import torch

    from lessons.coursework.student import expect

    gradients = [torch.tensor([[2.0, -3.0]]), torch.tensor(6.0)]
    call = "global_norm([tensor([[2, -3]]), tensor(6)])"
    expect.number(global_norm(gradients), 7.0, call)


@test_case(
    name="example other shapes",
    points=0,
    hidden=False,
    failure_message="A tensor may have no, one, two or three dimensions, and be float64.",
)
def test_example_other_shapes(global_norm):
    import torch

    from lessons.coursework.student import expect

    gradients = [torch.ones(2, 2, 2, dtype=torch.float64), torch.tensor(-1.0)]
    call = "global_norm([torch.ones(2, 2, 2, dtype=torch.float64), tensor(-1)])"
    expect.number(global_norm(gradients), 3.0, call)


@test_case(
    name="example none and empty",
    points=0,
    hidden=False,
    failure_message="Leave out each entry that is None. What is the norm of an empty list?",
)
def test_example_none_and_empty(global_norm):
    import torch

    from lessons.coursework.student import expect

    expect.number(
        global_norm([None, torch.tensor([-2.0])]), 2.0, "global_norm([None, tensor([-2])])"
    )
    expect.number(global_norm([]), 0.0, "global_norm([])")


@test_case(
    name="example large and small",
    points=0,
    hidden=False,
    failure_message="In float32 the square of such a number becomes inf or 0. Convert to float64 before you square.",
)
def test_example_large_and_small(global_norm):
    import torch

    from lessons.coursework.student import expect

    for scale, text in ((1e30, "1e30"), (1e-30, "1e-30")):
        call = f"global_norm([tensor([3, 4]) * {text}])"
        expect.number(global_norm([torch.tensor([3.0, 4.0]) * scale]), 5 * scale, call, 1e-5)
