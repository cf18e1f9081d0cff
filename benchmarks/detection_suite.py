"""The suite of the detection benchmark: every configuration, by name.

Names, trainings and halves are fixed: nothing is moved or left out because a rule gets it wrong.
"""

from benchmarks import detection_healthy, detection_sick

SEEDS = (0, 1, 2)
CONFIGS = {config.name: config for config in detection_healthy.CONFIGS + detection_sick.CONFIGS}
