# %% [markdown] slideshow={"slide_type": "slide"}
# # U-Nets by hand
#
# Medical image segmentation, from a street to a prostate, in 45 minutes

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Say who you are, and that everything on these slides can be run on a laptop.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A prostate, and what a network finds in it

# %%
from medseg import plots
from medseg_lecture import figures

plots.show(*figures.found_by_the_network())

# %% [markdown] slideshow={"slide_type": "notes"}
# **2 min.** Left the image.
