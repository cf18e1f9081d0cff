"""The suite of the detection benchmark: every configuration, by name.

Names, trainings and halves are fixed: nothing is moved or left out because a rule gets it wrong.
"""

from benchmarks.detection import drawn, healthy, sick

SEEDS = (0, 1, 2)
CHOSEN = healthy.CONFIGS + sick.CONFIGS
CONFIGS = {config.name: config for config in CHOSEN + drawn.CONFIGS}
# Name and seed of every run: three of a chosen configuration, one of a drawn one.
RUNS = [(config.name, seed) for config in CHOSEN for seed in SEEDS]
RUNS += [(config.name, 0) for config in drawn.CONFIGS]
