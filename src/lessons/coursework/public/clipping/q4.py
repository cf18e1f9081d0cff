from lessons.coursework.cases import test_case

OK_FORMAT = False

name = "q4"
points = None


@test_case(
    name="two examples",
    points=1,
    hidden=False,
    failure_message="Return the two ends, the lower one first. A bias moves the window: both ends fulfil wx + b = z or -z.",
)
def test_two_examples(window):
    from lessons.coursework import expect

    expect.numbers(window(5.0, 0.0), [-0.192485, 0.192485], "window(5, 0)", 1e-4)
    expect.numbers(window(5.0, -2.5), [0.307515, 0.692485], "window(5, -2.5)", 1e-4)


@test_case(
    name="no window",
    points=0.5,
    hidden=False,
    failure_message="The slope of a sigmoid is at most 1/4. So which weights can never bring the factor above 1? For them the result is None.",
)
def test_no_window(window):
    from lessons.coursework.expect import described

    for w, b in ((1.0, 0.0), (4.0, 0.0), (-3.0, 2.0), (0.0, 1.0)):
        got = window(w, b)
        assert got is None, f"window({w:g}, {b:g}) gives {described(got)}; expected None."
    assert window(4.5, 0.0) is not None, "window(4.5, 0) gives None; but there is a window."
