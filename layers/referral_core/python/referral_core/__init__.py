"""The shared package of Referral Router: the folder around it is the Lambda layer.

What a start makes (modules, classes, a service's model) lives as long as the process. By Python's
own threshold, 700 new objects, the garbage collector would look through it some 170 times while it
is made: an eighth of a start. `wiring.built_once` ends the start.
"""

import gc
from typing import Final

_NEW_OBJECTS: Final = 200_000
"""More than a start makes, and few enough for a process that never ends its start."""
gc.set_threshold(_NEW_OBJECTS, *gc.get_threshold()[1:])
