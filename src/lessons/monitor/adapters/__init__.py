"""The monitor in other hands: callbacks for training libraries, and a command for whole scripts."""
