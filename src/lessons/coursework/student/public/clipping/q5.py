from lessons.coursework.student.cases import test_case

OK_FORMAT = False

name = "q5"
points = None


@test_case(
    name="example threshold",
    points=0,
    hidden=False,
    failure_message="Put the norms in order and go along a straight line between two of them. Percent are hundredths.",
)
def test_example_threshold(choose_threshold):
    from lessons.coursework.student import expect

    for percent, wanted in ((50, 3.0), (75, 4.0), (90, 61.6)):
        call = f"choose_threshold([100, 2, 4, 1, 3], {percent})"
        expect.number(choose_threshold([100.0, 2.0, 4.0, 1.0, 3.0], percent), wanted, call, 1e-5)


@test_case(
    name="example threshold not finite",
    points=0,
    hidden=False,
    failure_message="Leave out norms that are inf or nan before you take the percentile.",
)
def test_example_threshold_not_finite(choose_threshold):
    import math

    from lessons.coursework.student import expect

    got = choose_threshold([1.0, math.inf, 2.0, math.nan, 3.0], 50)
    expect.number(got, 2.0, "choose_threshold([1, inf, 2, nan, 3], 50)", 1e-5)


@test_case(
    name="example share",
    points=0,
    hidden=False,
    failure_message="Two of the four norms are above 2. The norm 2 itself is not above 2.",
)
def test_example_share(share_clipped):
    from lessons.coursework.student import expect

    got = share_clipped([1.0, 2.0, 3.0, 4.0], 2.0)
    expect.number(got, 0.5, "share_clipped([1, 2, 3, 4], 2)")


@test_case(
    name="example share not finite",
    points=0,
    hidden=False,
    failure_message="A step whose norm is inf or nan is changed, too. Divide by the number of all steps.",
)
def test_example_share_not_finite(share_clipped):
    import math

    from lessons.coursework.student import expect

    got = share_clipped([1.0, math.inf, math.nan, 4.0], 5.0)
    expect.number(got, 0.5, "share_clipped([1, inf, nan, 4], 5)")
