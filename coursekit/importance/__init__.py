"""Which hyperparameters matter: exactly from a whole table, or estimated from a search's trials.

from coursekit.importance import functional_anova, ped_anova
truth = functional_anova(world.space, [world.accuracy(each) for each in world.space.enumerate()])
estimate = ped_anova(world.space, history)
"""

from coursekit.importance.functional_anova import functional_anova, main_effects
from coursekit.importance.ped_anova import ped_anova

__all__ = ["functional_anova", "main_effects", "ped_anova"]
