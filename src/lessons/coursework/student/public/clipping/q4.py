from lessons.coursework.student.cases import test_case

OK_FORMAT = False

name = "q4"
points = None


@test_case(
    name="example windows",
    points=0,
    hidden=False,
    failure_message="Return the two ends, the lower one first. A bias moves the window: both ends fulfil wx + b = z or -z.",
)
def test_example_windows(window):
    from lessons.coursework.student import expect

    expect.numbers(window(5.0, 0.0), [-0.192485, 0.192485], "window(5, 0)", 1e-4)
    expect.numbers(window(5.0, -2.5), [0.307515, 0.692485], "window(5, -2.5)", 1e-4)


@test_case(
    name="example no window",
    points=0,
    hidden=False,
    failure_message="The slope of a sigmoid is at most 1/4. So which weights can never bring the factor above 1? For them the result is None.",
)
def test_example_no_window(window):
    from lessons.coursework.student.expect import described

    for w, b in ((1.0, 0.0), (4.0, 0.0), (-3.0, 2.0), (0.0, 1.0)):
        got = window(w, b)
        assert got is None, f"window({w:g}, {b:g}) gives {described(got)}; expected None."
    assert window(4.5, 0.0) is not None, "window(4.5, 0) gives None; but there is a window."


@test_case(
    name="example large weight",
    points=0,
    hidden=False,
    failure_message="Put your ends into the factor: it must be 1 there, for a large weight and bias too.",
)
def test_example_large_weight(window):
    from lessons.coursework.student import expect

    expect.numbers(window(30.0, 8.0), [-0.377698, -0.155636], "window(30, 8)", 1e-4)


@test_case(
    name="example negative weight",
    points=0,
    hidden=False,
    failure_message="With a negative weight the ends change places: the lower one still comes first.",
)
def test_example_negative_weight(window):
    from lessons.coursework.student import expect

    expect.numbers(window(-5.0, -2.5), [-0.692485, -0.307515], "window(-5, -2.5)", 1e-4)


@test_case(
    name="example width",
    points=0,
    hidden=False,
    failure_message="The width is high - low; where there is no window it is 0.0, a number.",
)
def test_example_width(window_width):
    from lessons.coursework.student import expect

    expect.number(window_width(5.0), 0.384970, "window_width(5)", 1e-4)
    expect.number(window_width(-5.0), 0.384970, "window_width(-5)", 1e-4)
    expect.number(window_width(2.0), 0.0, "window_width(2)")
