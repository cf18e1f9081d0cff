from lessons.coursework.cases import test_case

OK_FORMAT = False

name = "q1"
points = None


@test_case(
    name="one tensor",
    points=0.5,
    hidden=False,
    failure_message="Square every element, add up, take the square root, and return a Python number.",
)
def test_one_tensor(global_norm):
    import torch

    from lessons.coursework import expect

    call = "global_norm([tensor([3, 4])])"
    expect.number(global_norm([torch.tensor([3.0, 4.0])]), 5.0, call)


@test_case(
    name="several tensors",
    points=0.5,
    hidden=False,
    failure_message="The list is one long arrow. Add up the squares of all tensors first; take one square root at the end.",
)
def test_several_tensors(global_norm):
    import torch

    from lessons.coursework import expect

    gradients = [torch.tensor([[2.0, -3.0]]), torch.tensor(6.0)]
    call = "global_norm([tensor([[2, -3]]), tensor(6)])"
    expect.number(global_norm(gradients), 7.0, call)
