from lessons.coursework.cases import test_case

OK_FORMAT = False

name = "q6"
points = None


@test_case(
    name="three steps",
    points=1,
    hidden=False,
    failure_message="Follow the four steps of the list in their order. Without clipping the loss of this example falls a little at each step.",
)
def test_three_steps(train):
    import math

    from lessons.coursework import expect

    got = train(7, 0.1, math.inf, 3)
    call = "train(7, 0.1, math.inf, 3)"
    assert isinstance(got, dict), f"{call} gives {expect.described(got)}; expected a dictionary."
    expect.numbers(got["losses"], [1.391667, 1.234936, 1.107156], f"{call}: losses", 1e-4)
    expect.numbers(got["norms"], [1.314118, 1.157236, 1.080452], f"{call}: norms", 1e-4)
