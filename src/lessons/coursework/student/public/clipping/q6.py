from lessons.coursework.student.cases import test_case

OK_FORMAT = False

name = "q6"
points = None


@test_case(
    name="example three steps",
    points=0,
    hidden=False,
    failure_message="Follow the four steps of the list in their order. Without clipping the loss of this example falls a little at each step.",
)
def test_example_three_steps(train):
    import math

    from lessons.coursework.student import expect

    got = train(7, 0.1, math.inf, 3)
    call = "train(7, 0.1, math.inf, 3)"
    assert isinstance(got, dict), f"{call} gives {expect.described(got)}; expected a dictionary."
    losses = got["losses"]
    assert len(losses) != 3 or len(set(losses)) > 1, (
        f"{call}: all losses are equal, so the weights have not moved. `weight = weight - …` makes "
        "a new tensor; `weight -= …` changes the net's own."
    )
    expect.numbers(losses, [1.391667, 1.234936, 1.107156], f"{call}: losses", 1e-4)
    expect.numbers(got["norms"], [1.314118, 1.157236, 1.080452], f"{call}: norms", 1e-4)


@test_case(
    name="example other run",
    points=0,
    hidden=False,
    failure_message="With another seed and rate the losses or norms differ from those of plain gradient descent.",
)
def test_example_other_run(train):
    import math

    from lessons.coursework.student import expect

    got, call = train(11, 0.12, math.inf, 4), "train(11, 0.12, math.inf, 4)"
    expect.numbers(got["losses"], [1.544624, 1.349669, 1.211184, 1.109216], f"{call}: losses", 1e-4)
    expect.numbers(got["norms"], [1.33959, 1.1328, 0.970367, 0.861347], f"{call}: norms", 1e-4)


@test_case(
    name="example with clipping",
    points=0,
    hidden=False,
    failure_message="With a threshold: record the norm before the cut, and make the step with the cut gradients.",
)
def test_example_with_clipping(train):
    from lessons.coursework.student import expect

    got, call = train(7, 1.0, 0.1, 4), "train(7, 1, 0.1, 4)"
    expect.numbers(got["losses"], [1.391667, 1.268868, 1.154686, 1.047806], f"{call}: losses", 1e-4)
    expect.numbers(got["norms"], [1.314118, 1.192273, 1.128776, 1.05555], f"{call}: norms", 1e-4)


@test_case(
    name="example measure",
    points=0,
    hidden=False,
    failure_message="30 steps at rate 0.1 without clipping, the percentile for 75, divided by 10.",
)
def test_example_measure(measure):
    from lessons.coursework.student import expect

    expect.number(measure(7), 0.103169, "measure(7)", 1e-3)


@test_case(
    name="example compare",
    points=0,
    hidden=False,
    failure_message="Each number is what your own train gives: rate 1.0, 80 steps, the same seed; the share is that of the run with the threshold.",
)
def test_example_compare(compare, train):
    import math

    from lessons.coursework.student import expect

    got, call = compare(7, 0.1), "compare(7, 0.1)"
    assert isinstance(got, dict), f"{call} gives {expect.described(got)}; expected a dictionary."
    runs = {"without": math.inf, "with": 0.1, "tight": 0.01}
    for name, threshold in runs.items():
        run, key = train(7, 1.0, threshold, 80), f"accuracy_{name}"
        assert key in got, f"{call} has no {key!r}."
        expect.number(got[key], run["accuracy"], f"{call}: {key}")
    clipped = sum(not norm <= 0.1 for norm in train(7, 1.0, 0.1, 80)["norms"])
    expect.number(got.get("share_clipped"), clipped / 80, f"{call}: share_clipped")
