from lessons.coursework.cases import test_case

OK_FORMAT = False

name = "q5"
points = None


@test_case(
    name="threshold example",
    points=1,
    hidden=False,
    failure_message="Put the norms in order and go along a straight line between two of them. Percent are hundredths.",
)
def test_threshold_example(choose_threshold):
    from lessons.coursework import expect

    for percent, wanted in ((50, 3.0), (75, 4.0), (90, 61.6)):
        call = f"choose_threshold([100, 2, 4, 1, 3], {percent})"
        expect.number(choose_threshold([100.0, 2.0, 4.0, 1.0, 3.0], percent), wanted, call, 1e-5)


@test_case(
    name="share example",
    points=0.5,
    hidden=False,
    failure_message="Two of the four norms are above 2. The norm 2 itself is not above 2.",
)
def test_share_example(share_clipped):
    from lessons.coursework import expect

    got = share_clipped([1.0, 2.0, 3.0, 4.0], 2.0)
    expect.number(got, 0.5, "share_clipped([1, 2, 3, 4], 2)")
