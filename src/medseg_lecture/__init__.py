"""What a lecturer needs: the deck as pages, demos for an audience, and the lecture's own figures.

The deck itself is `lectures/unets_by_hand.py`; its other figures come from `medseg.plots`, as those
of the notebooks do.
"""
