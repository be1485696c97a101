"""Colours that every kind of colour vision tells apart: the palette of Okabe and Ito (2008).

Figures, widgets and pages take their colours from here by name; `medseg.zones` says which zone has
which. Source: https://jfly.uni-koeln.de/color/.
"""

BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
SKY_BLUE = "#56B4E9"
YELLOW = "#F0E442"
PURPLE = "#CC79A7"

# For what takes no side: lines and words on white, and what is neither right nor wrong.
DARK = "#222222"
GREY = "#999999"
