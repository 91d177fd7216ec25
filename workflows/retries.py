"""How workflows try again. No outside failure is ever final: all but QUICK go on until it is over."""

from datetime import timedelta

from temporalio.common import RetryPolicy

# A local activity while a command waits for its answer; after these tries patience takes over.
QUICK = RetryPolicy(initial_interval=timedelta(milliseconds=50), maximum_attempts=3)
# Somebody may be waiting, so a part that is back is noticed soon.
PATIENT = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=15))
# Work in the background.
UNHURRIED = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(seconds=30))
# A worker that is silent for so long in the middle of an activity that gives signs of life is dead.
SIGN_OF_LIFE = timedelta(seconds=10)
