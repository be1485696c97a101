"""Right answers to unit 01, written otherwise."""

from medseg_grader.authoring import Alternative

ALTERNATIVES = [
    Alternative(
        "semantic_from_scores",
        "a running best",
        """
def semantic_from_scores(scores):
    if len(scores.shape) != 3:
        raise ValueError("expected (C, H, W), got " + str(tuple(scores.shape)))
    best, where = scores[0].copy(), np.zeros(scores.shape[1:], dtype=int)
    for c in range(1, scores.shape[0]):
        better = scores[c] > best
        best[better], where[better] = scores[c][better], c
    return where
""",
    ),
    Alternative(
        "instances_from_semantic",
        "flood fill",
        """
def instances_from_semantic(semantic, thing_ids):
    things, out, n = set(thing_ids), np.zeros(semantic.shape, np.int64), 0
    height, width = semantic.shape
    for i in range(height):
        for j in range(width):
            if int(semantic[i, j]) not in things or out[i, j]:
                continue
            n += 1
            todo = [(i, j)]
            out[i, j] = n
            while todo:
                a, b = todo.pop()
                for x in range(max(a - 1, 0), min(a + 2, height)):
                    for y in range(max(b - 1, 0), min(b + 2, width)):
                        if semantic[x, y] == semantic[i, j] and not out[x, y]:
                            out[x, y] = n
                            todo.append((x, y))
    return out
""",
    ),
    Alternative(
        "instances_from_semantic",
        "with gaps in the numbers",
        """
def instances_from_semantic(semantic, thing_ids):
    found = np.zeros(semantic.shape, np.int64)
    for k, c in enumerate(thing_ids, start=1):
        labelled, _ = ndimage.label(semantic == c, structure=[[1, 1, 1]] * 3)
        found += np.where(labelled, 1000 * k + labelled, 0)
    return found
""",
    ),
    Alternative(
        "encode_panoptic",
        "shifted bits",
        """
def encode_panoptic(semantic, instance):
    wide = [np.asarray(x).astype(np.int64) for x in (semantic, instance)]
    for x in wide:
        for v in (x.min(), x.max()):
            if not 0 <= v <= 255:
                raise ValueError(f"{v} is not in 0..255")
    return wide[0] << 8 | wide[1]
""",
    ),
    Alternative(
        "decode_panoptic",
        "divmod",
        """
def decode_panoptic(panoptic):
    return np.divmod(panoptic.astype(np.int64), 256)
""",
    ),
    Alternative(
        "label_colours",
        "a table of random colours from a fixed seed",
        """
def label_colours(panoptic, palette):
    out = np.empty(panoptic.shape + (3,), np.uint8)
    for p in np.unique(panoptic):
        c, n = divmod(int(p), 256)
        own = np.random.default_rng(n).integers(0, 256, 3)
        out[panoptic == p] = own if n else palette[c]
    return out
""",
    ),
    Alternative(
        "label_colours",
        "darker from number to number",
        """
def label_colours(panoptic, palette):
    from colorsys import hsv_to_rgb
    picture = []
    for p in panoptic.ravel().tolist():
        semantic, n = divmod(p, 256)
        hue = [255 * x for x in hsv_to_rgb(n * 0.381966 % 1, 0.8, 1 - 0.07 * (n % 5))]
        picture.append(hue if n else palette[semantic])
    return np.array(picture).reshape(*panoptic.shape, 3).astype(np.uint8)
""",
    ),
]
