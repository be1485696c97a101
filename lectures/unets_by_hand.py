# %% [markdown] slideshow={"slide_type": "slide"}
# # U-Nets by hand
#
# Medical image segmentation, from a street to a prostate, in 45 minutes

# %%
from medseg import plots, scenes
from medseg.plots import scene_plots
from medseg_lecture import demos, figures

figures.show(*figures.found_by_the_network(), height=460)

# %% [markdown]
# Where we shall be at the end. All of it runs on a laptop, and you can build each part yourself.

# %% [markdown] slideshow={"slide_type": "notes"}
# **0.5 min.** Say who you are, and that everything on these slides is calculated by the course itself: the street and the prostates are drawings (*phantoms*), so that the true answer is known to the pixel and no patient's data are shown.
#
# *Before you begin, ten minutes before the hall fills.* `make slides`, once. Open `output/slides/unets_by_hand.html` in a browser for the hall; S opens these notes in a second window. For the demos, `make lecture` opens the same deck in JupyterLab: choose *Run › Run All Cells* and wait until no cell shows `[*]`, as phantoms are drawn and small networks trained first (one to five minutes, by the machine). Then *View › Presentation Mode*, close the side bar (Ctrl B), and scroll until a demo's output is at the top. The notebook shows these notes and the answers as text, so show it only when a demo is on. Each demo is one cell; R puts it back to its beginning.
#
# *If time runs short*, leave out 11, 13, 21, 35 and 37; you should be at *Medical Image segmentation* after 12 minutes, at *The U-Net architecture* after 16, at *Loss function* after 29. If no kernel will start, the slides alone carry the lecture: where a demo belongs, a slide shows a still picture of it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Motivation
#
# - A car has to know **where the road is**, and that the three cars at the kerb are three.
# - A doctor has to know **where the prostate ends**: its volume is needed to judge a blood value (PSA), its zones to judge where a cancer may be.
# - Outlined by hand, that is one contour on each slice, for each zone, for each patient.
#
# **Question.** To measure the volume of a zone in millilitres, what must a computer know of each pixel?

# %% [markdown] slideshow={"slide_type": "fragment"}
# One thing only: **which zone it belongs to.** The rest is counting voxels and multiplying by their volume. This answer, pixel by pixel, is a *segmentation*.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** Two very different machines ask a picture the same thing. That is why this lecture begins in a street.
#
# *The question* is after the shortest definition of segmentation. Usually somebody says "its brightness" or "whether it is an edge". Ask back: and if you knew the zone, would you still need the brightness? No.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Motivation: one minute of training
#
# An expert has outlined four zones: two large (peripheral, transition), a thin one (stroma), a narrow one (urethra).
#
# **Question.** A network begins with random numbers. Which of the four come first, and which stays worst?

# %% [markdown] slideshow={"slide_type": "fragment"}
# The two large ones come first, together. The thin stroma stays worst. **Thin is hard.**

# %%
demos.train_a_unet()

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** *Demo* `demos.train_a_unet()`. Its cell was run beforehand; press *Train for 60 seconds*. A small U-Net, MONAI's, learns from the slices of eight phantoms; what you see is a patient that it never learns from, and the large number is the mean IoU of the four zones (what that is comes at the end; until then: 1 is perfect). Ask the question while it runs, and talk over it: the picture changes every three seconds.
#
# *The question*: many say that the bright one, the peripheral zone, comes first, alone. On most runs both large zones grow together, the urethra comes late, and the stroma never gets far. After the minute the IoU is about 0.6 to 0.7. *Thin is hard* comes back all through the lecture.
#
# *If it fails*: the slide shows the state after 250 steps. Show that and go on. R begins anew from random weights.

# %% [markdown] slideshow={"slide_type": "slide"}
# # What is Segmentation?
#
# | task | question | answer |
# | --- | --- | --- |
# | classification | is there a car? | one word for the picture |
# | detection | where are cars? | a box for each car |
# | **segmentation** | **which pixel is what?** | **a class for each pixel** |
#
# A picture $x$ with $H$ rows, $W$ columns and $K$ channels goes in, a *label map* $y$ comes out: for each pixel $(i, j)$ one of $C$ classes.
#
# $$x \in \mathbb{R}^{K \times H \times W} \;\to\; y_{ij} \in \{0, \dots, C - 1\}$$

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Read the table from above: the answers become finer. The last one has as many answers as the picture has pixels.
#
# Colour photographs have $K = 3$ channels, a magnetic resonance scan has one. Class 0 is usually *background* or *unlabelled*. A network does not give the class at once but one number for each class, of which the largest wins; that comes with the loss.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Segmentation Types: semantic, instance, panoptic
#
# | | each pixel gets | says | does not say |
# | --- | --- | --- | --- |
# | **semantic** | a class | what is where | how many cars |
# | **instance** | the number of its thing | which one is which | where the road is |
# | **panoptic** | both | both | |
#
# *Things* can be counted: cars, people. *Stuff* cannot: road, sky [Kirillov et al. 2019].
#
# KITTI stores both in one number: $p = 256 \cdot \mathrm{class} + \mathrm{instance}$. Car (26) number 3 is 6659.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** The words *things* and *stuff* are the technical terms. Whether something is a thing depends on the question: one prostate has one transition zone, so its zones are stuff; nodules in a lung would be things.
#
# The last line is exercise 1.3; its trap is `uint8`, in which 26 · 256 does not fit.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Image segmentation in robotics

# %%
figures.show(*scene_plots.four_answers(scenes.picture(scenes.street())))

# %% [markdown]
# **Question.** How many cars stand at the right kerb? Which of the answers tells you?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Three. *Instance* and *panoptic* say so; in the *semantic* answer they are one patch.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Go round: the picture; what is where; which one is which; both. Point at the right kerb in the lower left and upper right panel.
#
# *The question* is after the difference between semantic and instance. Most say "panoptic" at once; ask whether instance alone would do. It would, for counting.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The street: answers to try

# %%
demos.street()

# %% [markdown]
# **Question.** Pixels of class *car* that touch are one car. The street has six cars: how many does this rule count?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Five: the three at the kerb count as one, the one behind the cyclist as two. **No rule about neighbours mends that.**

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** *Demo* `demos.street()`. Press the buttons from the left: image, semantic, instance, panoptic. Leave both laser views for the next section.
#
# *The question*: most say "four", as they see the merged row; the second piece of the car behind the cyclist is three pixels high, and nobody can see it from a seat. Say so: a computer counts it all the same. Six minus two, as three became one; plus one, as one became two. Unit 01 counts it, unit 04 scores it, and unit 08 mends it for touching cells, by a loss that looks at borders.
#
# *If it fails*: the slide before shows all four answers.

# %% [markdown] slideshow={"slide_type": "slide"}
# # Autonomous Driving – Laser segmentation
#
# A laser on the car's roof sends a flash, waits for the echo, turns a little, and sends the next.
#
# - It measures **distances** and sees no colours.
# - 64 beams, some 2000 flashes each per turn: a cloud of points, no picture.
# - It asks the same thing: *what is where, and which one is it?*
#
# **Question.** Seen from above, how will a parked car look?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Often like the letter **L**: two sides of four face the laser. Behind it lies a *shadow* without points.

# %% [markdown] slideshow={"slide_type": "notes"}
# **0.5 min.** *The question*: nearly all say "a rectangle". Ask them where the laser stands, and whether light goes through a car. The next slide shows it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## One turn of the laser

# %%
figures.show(*scene_plots.from_above(figures.laser_scan(), title=""))

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** The triangle is the laser; forward is to the right. Find an L, and its shadow. Why is there a white disc around the laser? Its lowest beam looks down by 25 degrees and meets the road only 3.7 m away.
#
# In SemanticKITTI's files each point has a class (10 is a car, 40 the road) and, if it belongs to a thing, that thing's number, packed into one number of 32 bits.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The laser's points as a picture

# %%
figures.show(*figures.panorama_of(figures.laser_scan()))

# %% [markdown]
# Fewer columns than flashes: some pixels get two points. **Question.** A car's and a wall's fall on one, and the pixel gets one label. Whose point gets a wrong one?

# %% [markdown] slideshow={"slide_type": "fragment"}
# The wall's: the nearest point wins the pixel, and what it hides pays.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** Turn around once and unroll what you saw: the direction gives the column, the angle above the horizon the row. Now every network for pictures can be used, and its answer goes back to the points. RangeNet++ works like this [Milioto et al. 2019].
#
# Inverse range: near is bright. So two near cars differ more than two far walls, which is what a car wants.
#
# *The question*: many say "both". Each point takes the label of its pixel, and the pixel that of its nearest point. A laser of some 2000 flashes a turn is drawn into 1024 columns here, so two points may share a pixel. Unit 02 measures what that costs, with a network that makes no mistake, in 256 columns: two of a thousand points of cars come back wrong, and four in a hundred of houses; in 1024 columns it is far less. RangeNet++ has a step of its own against it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Laser data from real streets
#
# | | what it is | asked of it |
# | --- | --- | --- |
# | **KITTI** [Geiger et al. 2013] | a station wagon around Karlsruhe: cameras, a laser of 64 beams, GPS | boxes around things |
# | **SemanticKITTI** [Behley et al. 2019] | all 22 sequences of KITTI's odometry benchmark | a class for each point, of 28 |
# | **TUM City Campus** [Gehrung et al. 2017] | a campus in Munich, two tilted lasers on one car | which points move |
#
# The course's own street has the formats of the first two.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** KITTI brought the pictures and the scans; SemanticKITTI, from Bonn, gave each point of them a class; there the test labels are kept back, and a server scores what one sends in. Gehrung and colleagues asked another thing of their scans of the campus: which points move? They keep a model of the background volume, and see what contradicts it.
#
# The course downloads none of the three. Its street writes and reads their formats.

# %% [markdown] slideshow={"slide_type": "slide"}
# # Medical Image segmentation
#
# A scan is no picture:
#
# - **Spacing.** Half a millimetre within a slice, three to four from slice to slice.
# - **Orientation.** An *affine*, 4 × 4 numbers, says where in the patient each voxel lies.
# - **No unit.** In magnetic resonance (MR) the same tissue is 200 in one scan, 900 in the next.
# - **Few patients**, dozens rather than millions of pictures.
# - **Small zones.** Nearly everything is background; what matters has a few voxels in a hundred.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Each line has an exercise in unit 03 or 07: resample, walk between voxels and millimetres, normalise, divide patients, weigh rare classes.
#
# *Voxel*: a pixel with a depth. *Axial* or *transversal* slices are cut as by a belt. If you forget the affine, nothing fails and left may be right: NIfTI files count to the patient's right, DICOM files to the left.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A scan is a box of numbers in a patient

# %%
figures.show(*plots.three_planes(figures.case(), {"expert": figures.case().label}))

# %% [markdown]
# **Question.** Twenty patients, twenty slices each. May every second slice go into the test?

# %% [markdown] slideshow={"slide_type": "fragment"}
# No. The next slice of the same man is nearly the same picture: the network has seen the answer. **Divide patients, not slices.**

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** One patient in three planes: axial as cut by a belt, coronal from the front, sagittal from the side. Fine within the axial slice, coarse across.
#
# *The question*: many see nothing wrong. This is *leakage*; a survey found it in 294 papers of 17 fields [Kapoor and Narayanan 2023]. In unit 03 a model that learns nothing, and copies the labels of the most similar slice, scores a Dice of 0.9 on the transition zone as soon as one divides by slice.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A transversal prostate image and its expert segmentation

# %%
figures.show(*plots.show_case(figures.case()))

# %% [markdown]
# **Question.** Which of the four zones will two experts agree on least?

# %% [markdown] slideshow={"slide_type": "fragment"}
# The thin stroma, AFS: Dice .51. The large transition zone: .88 [Meyer et al. 2019]. (Dice: 1 for the same outline, 0 for nothing in common.)

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** The top of the picture is the patient's front, the left side his right. The zones, as in Meyer et al. (2019): **PZ**, peripheral zone, a bright crescent at the back, where most cancers grow. **TZ**, transition zone, two lobes full of nodules. **AFS**, anterior fibromuscular stroma, a thin dark band in front. **DPU**, distal prostatic urethra, a narrow tube, on few slices only.
#
# *The question* is after "thin is hard", for people as for networks. Dice is twice the overlap over the sum of both areas; 1 is perfect. The numbers of the paper, on 20 patients, two experts against each other: TZ .878, PZ .818, DPU .606, AFS .510; its network against its teacher: .876, .798, .752, .411. On the urethra it agrees with its teacher better than another expert does: a network learns its teacher's habits.

# %% [markdown] slideshow={"slide_type": "slide"}
# # The U-Net architecture
#
# Each pixel asks two things at once:
#
# - **What am I?** That needs a *wide view*: bright is peripheral zone only because of the gland around it.
# - **Where exactly do I end?** That needs *every single pixel*.
#
# Pooling widens the view and loses the pixels. The U-Net [Ronneberger, Fischer and Brox 2015] does both: **down** to look wide, **up** to full size, and **across** for the fine detail.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Take your time for this slide; all that follows is its consequence. Cover a slice with your hand but for one bright pixel, and nobody can say its zone.
#
# The network of 2015 was made for microscopy with some thirty training pictures, and won the ISBI cell tracking challenge of that year.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The U-Net of 2015: two levels down
#
# Two 3 × 3 convolutions without padding, each with a ReLU; then the largest of 2 × 2 pixels. **Half the size, twice the channels.**

# %%
figures.show(*figures.u_net_2015(3))

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** The number in a box counts the channels, the numbers below are the size of its output. 572 pixels: each convolution without padding costs two, so 570 and 568. Pooling gives 284; two more convolutions 282 and 280.
#
# ReLU, max(0, x), is what makes two convolutions more than one. Two 3 × 3 convolutions see 5 × 5 pixels with fewer weights than one 5 × 5 convolution has.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The U-Net of 2015: the bottom
#
# Four poolings later: 28 × 28 positions, each with 1024 numbers. It knows *what*, and hardly *where*.

# %%
figures.show(*figures.u_net_2015(5))

# %% [markdown] slideshow={"slide_type": "notes"}
# **0.5 min.** Four poolings: one step at the bottom is 16 pixels of the image. A network that stopped here would classify, as many do.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The U-Net of 2015: up again, with skips
#
# Twice the size by a 2 × 2 up-convolution, half the channels; the *skip* from the left is cropped and laid beside it; two convolutions merge both.

# %%
figures.show(*figures.u_net_2015(9))

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Follow the lowest skip: 64 × 64 on the left; from below come 28 doubled, 56. The paper cuts the 64 down to 56 and concatenates: 512 channels of the skip and 512 from below, which two convolutions make 512 of 52 × 52.
#
# *Concatenated*, not added: so the next layer can weigh what it takes from where.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The U-Net of 2015: 572 in, 388 out

# %%
figures.show(*figures.u_net_2015())

# %% [markdown]
# **Question.** 572 pixels go in, 388 come out. Where are the other 184?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Lost at the border, 92 on each side, to convolutions without padding. So the paper mirrors the image there, and sees large images tile by tile. Today most U-Nets pad.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** The last step is a 1 × 1 convolution, the *head*: one number for each class and pixel. 23 convolutional layers in all.
#
# *The question*: usual answer, "the poolings". No: those are undone on the way up. Two convolutions cost 4 pixels of their own level, and a pixel of level $k$ is $2^k$ pixels wide: 4 + 8 + 16 + 32 on the way down, 64 at the bottom, 32 + 16 + 8 + 4 on the way up: 184. Unit 06 has this as a function; its hardest exercise is the tiling.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## How far does one pixel see?
#
# **Question.** Three poolings deep, one pixel sees 68 × 68 pixels of the image. Do they all count alike?

# %% [markdown] slideshow={"slide_type": "fragment"}
# No. The field is large, its weight sits in the middle [Luo et al. 2016]: here half of the height within 28 pixels.

# %%
demos.field_of_view(depth=3)

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** *Demo* `demos.field_of_view(depth=3)`. Move the slider from 0 to 4 poolings: 5, 14, 32, 68, 140 pixels. More convolutions add, poolings multiply. What is shown is the size of the gradient of one deep pixel with respect to the image, for an untrained path of plain averages: where it is zero, the image cannot change that pixel.
#
# *The question*: most say yes. There is one way from the corner of the field to the pixel and there are thousands from its middle.
#
# *If it fails*: the slide shows depth 3.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What the channels see

# %%
figures.show(*figures.what_channels_see(), height=600)

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** A small trained U-Net, and a slice that it has not seen; a few channels of each level, dark small, yellow large. Its channels are chosen more sparingly than those of 2015, 8, 16, 24, 32 and 48, and four of each level are shown. Top left: edges and textures, still the picture. Bottom: a few coarse blocks that say *what*. Top right: regions, a ring, a disc, a cap, with the outlines that came across the skips. Last, the five maps of the output: at each pixel the largest wins.

# %% [markdown] slideshow={"slide_type": "slide"}
# # The U-Net structure
#
# | part | what it does |
# | --- | --- |
# | **double convolution** | 3 × 3 convolution, normalisation, ReLU; twice |
# | **down** | 2-pooling, then a double convolution |
# | **up** | enlarge, concatenate the skip, double convolution |
# | **skip** | hands the left side's output across |
# | **head** | 1 × 1 convolution: one number per class, the *logits* |
#
# On level $l$ there are $f \cdot 2^l$ channels; $f$ is the number on top: 64 in 2015, 16 in the course. Other U-Nets, as the one just shown, choose more sparingly.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Five parts, no more. In unit 06 the first three and the whole (`DoubleConv`, `Down`, `Up`, `UNet`) are exercises of a few lines each. What has changed since 2015: padding, so that sizes stay; normalisation (batch normalisation was published that same year); and for volumes, 3D convolutions, where one pools within the slice only as long as voxels are far taller than wide.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why the skips? Cut them
#
# **Question.** What suffers more, the thin peripheral zone or the round transition zone?

# %% [markdown] slideshow={"slide_type": "fragment"}
# The thin one: all must pass the bottom. Enlarging brings back size, **but no outline.**

# %%
demos.train_a_unet(skips=False)

# %% [markdown] slideshow={"slide_type": "notes"}
# **2 min.** *Demo* `demos.train_a_unet(skips=False)`. The same network, data and minute as at the beginning, only the skips are zeros. Press the button, ask the question while it runs, and compare the number with that of the first demo: after a minute about .25 to .3, where the whole network has .6 to .7; the urethra is lost altogether. The number depends on how far the machine gets. (The still pictures stop after 250 steps.)
#
# Everything must pass the bottom, where one position is as wide as 16 pixels of the image.
#
# *The question*: most are right. Ask why: a band of two or three pixels falls through a grid of 16.
#
# *If it fails*: the slide shows the state after 250 steps.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## UNet – Prostate segmentation: what you will build

# %%
figures.show(*figures.course_u_net())

# %% [markdown]
# **Question.** 117 is odd. What does 2-pooling do with the last pixel, and who brings it back?

# %% [markdown] slideshow={"slide_type": "fragment"}
# Pooling drops it: 58. On the way up one enlarges **to the size of the skip**, not to the double.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** The U-Net of the exercise: padded, so that prediction and image lie pixel on pixel; 16 channels on top; five classes, background and four zones.
#
# *The question*: "padding" is the usual answer. It would work as well; but then somebody has to cut the padding off. In unit 06, `F.interpolate(x, size=…)` takes the size from the skip: 7, 14, 29, 58, 117.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## UNet – Prostate segmentation: what it finds

# %%
figures.show(*figures.found_by_the_network())

# %% [markdown]
# A network of this kind, which never saw this phantom. Dice: TZ .99, AFS .82, PZ .81.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** The picture from the first slide. Left the slice, in the middle the expert's zones, right those of a small U-Net of a quarter of a megabyte that comes with the course. It has learnt from sixty other phantoms. Where is it wrong? Along borders, most of all in thin zones.
#
# Be honest: a good network on drawings is not yet one on patients. On patients, Meyer and colleagues' network has .88, .41 and .80.

# %% [markdown] slideshow={"slide_type": "slide"}
# # Loss function and Evaluation metric
#
# | | loss | metric |
# | --- | --- | --- |
# | for | the network, to learn by | you, to judge it by |
# | calculated from | probabilities | classes, after the decision |
# | wants | a slope, everywhere | a meaning |
# | here | focal loss; in our demos Dice and cross-entropy | IoU, Dice |
#
# **Question.** We judge by overlap. Why not train on counted overlap itself?

# %% [markdown] slideshow={"slide_type": "fragment"}
# A count does not change when a weight moves a little: **no slope, nothing to follow.** (On probabilities it works: the *soft Dice* loss [Milletari et al. 2016].)

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** Two numbers, two readers. *The question* usually gets "because it is too slow", or silence. Draw a staircase: between two steps it is flat, and gradient descent stands still on it.
#
# The way out of Milletari and colleagues: where Dice counts pixels, add up how sure the network is. Unit 05 has it as its last exercise.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## The focal loss for segmentation problems
#
# $$L = -\, l \cdot \left(1 - \sigma_s(o)\right)^{\gamma} \cdot \alpha \cdot \ln \sigma_s(o) \qquad (1)$$
#
# | symbol | meaning |
# | --- | --- |
# | $o$ | *logits*: what the network gives, one number per class and pixel |
# | $\sigma_s$ | the *softmax*, $\sigma_s(o)_c = e^{o_c} / \sum_k e^{o_k}$: the probability of class $c$ |
# | $l$ | the label, *one-hot*: 1 for the true class, 0 for the others |
# | $\gamma \geq 0$ | the *focus*: how soon a pixel counts as learnt |
# | $\alpha$ | a weight for each class, larger for rare ones |
#
# Summed over classes, averaged over pixels. With $\gamma = 0$ and $\alpha = 1$: cross-entropy. <small>[Lin et al. 2017]</small>

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** Read it from the right: minus the logarithm of the probability that the network gives to the true class, which is cross-entropy; times a weight; times the new factor.
#
# Lin and colleagues wrote it for detection, with the sigmoid, and found γ = 2 best. By hand: probability ¾, γ = 2, α = 1: (¼)² · 0.288 = 0.018; cross-entropy charges 0.288, sixteen times as much.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why the focal loss focuses

# %%
figures.show(*figures.focusing())

# %% [markdown]
# **Question.** A pixel is right with probability 0.9. How much cheaper does $\gamma = 2$ make it?

# %% [markdown] slideshow={"slide_type": "fragment"}
# $(1 - 0.9)^2 = 0.01$: a hundred times. A pixel at 0.1 keeps $0.9^2 = 0.81$ of its cost. **The easy many fall silent, the hard few are heard.**

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** One easy pixel costs little, but easy background pixels are many, and together they outweigh the rare zones.
#
# *The question*: "twice" and "ten times" come first. Let somebody calculate both losses at 0.9: 0.105 and 0.00105; in the figure both lie on the axis.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## A rare class: two pixels in a hundred
#
# Same start, same steps; only $\gamma$ differs. After 250 steps focus is ahead. After 500 the two are nearly level: **focus is no magic.**

# %%
demos.rare_class()

# %% [markdown] slideshow={"slide_type": "notes"}
# **2 min.** *Demo* `demos.rare_class()`. The anterior stroma on one slice, and a tiny model. Pull the slider to 0 first, then move it slowly: everything is claimed, then for a long time nothing, and that is meant. At 250 steps the IoU is about .50 with cross-entropy and .68 with focus; at 500 about .8 and .85.
#
# *An honest word*, as in unit 05: the remedy that wins depends on how rare the class is and on how long you train. Class weights find the zone sooner still, but make it cheap to claim: the prediction stays larger than the zone, and in the end plain cross-entropy overtakes them. The Dice loss is the first of all. Many add Dice and cross-entropy. Try it before you believe it.
#
# *If it fails*: the slide shows step 250; say the numbers.

# %% [markdown] slideshow={"slide_type": "slide"}
# # Intersection over union · IoU
#
# $G$: the pixels of a class in the *ground truth*; $P$: those that were *predicted*; $|\cdot|$ counts.
#
# $$\mathrm{IoU} = \frac{|G \cap P|}{|G \cup P|} \qquad\qquad \mathrm{Dice} = \frac{2\,|G \cap P|}{|G| + |P|}$$
#
# - 1: the same pixels; 0: none in common.
# - **TP**, true positives: in both. **FP**, false positives: only predicted. **FN**, false negatives: only in the truth.
#
# $$\mathrm{IoU} = \frac{\mathrm{TP}}{\mathrm{TP} + \mathrm{FP} + \mathrm{FN}}$$

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** IoU is Jaccard's measure of 1912, for the flora of the Alps; Dice's is of 1945, also from ecology. What is in neither, the true negatives, appears in neither formula: so background cannot drown the result.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## IoU: a worked example

# %%
figures.show(*figures.worked_iou())

# %% [markdown]
# **Question.** $\mathrm{TP} = 7$, $\mathrm{FP} = 3$, $\mathrm{FN} = 3$, $\mathrm{TN} = 17$. How large is the IoU?

# %% [markdown] slideshow={"slide_type": "fragment"}
# IoU $7 / (7 + 3 + 3) = 0.54$, Dice $14 / 20 = 0.70$; and accuracy, $24 / 30 = 0.80$, sounds best.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** One column beside the truth, that is all. *The question*: 0.7 is the usual wrong answer, that is 7 of 10 pixels found. Let them count the union: thirteen.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## IoU from the confusion matrix
#
# $M_{ij}$ counts the pixels of class $i$ in the truth that were called $j$. In the worked example:
#
# | matrix $M$ | called 0 | called 1 |
# | --- | --- | --- |
# | **is 0** | 17 | 3 |
# | **is 1** | 3 | 7 |
#
# $$\mathrm{IoU}_c = \frac{M_{cc}}{\sum_j M_{cj} + \sum_i M_{ic} - M_{cc}} \qquad \mathrm{IoU}_1 = \frac{7}{10 + 10 - 7}$$
#
# Row and column of the class, less what was counted twice. And $\mathrm{Dice} = 2\,\mathrm{IoU} / (1 + \mathrm{IoU})$.
#
# **One matrix for all slices of a patient**, never one for each slice.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Row: what is there. Column: what was said. Some books have it the other way round. $\mathrm{IoU}_0 = 17 / (20 + 20 - 17) = 0.74$: background is large and easy, so say whether your mean counts it.
#
# A class that is in neither map has 0/0: it is left out of the mean. A mean over slices would give a slice of ten pixels the weight of one with a thousand; hence one matrix. Street scenes take one for the whole data set, then the mean over classes; in medicine one takes one for each patient, then mean and spread over patients. And never compare one paper's Dice with another's IoU: Dice is never the smaller of the two.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Why pixel accuracy lies
#
# **Question.** Somebody looks at this lecture's prostate and outlines nothing at all. How many of its voxels are right?

# %% [markdown] slideshow={"slide_type": "fragment"}
# **89 in 100**, as so many are background. And the IoU of each zone:
#
# | | background | PZ | TZ | AFS | DPU |
# | --- | --- | --- | --- | --- | --- |
# | share of the voxels | 88.6 % | 2.3 % | 8.0 % | 0.9 % | 0.1 % |
# | IoU of "nothing" | 0.89 | 0 | 0 | 0 | 0 |
#
# Even the mean over five classes, 0.18, is not fooled.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Counted on the phantom of the slides with an expert's outlines. *The question*: people guess between 50 and 99; all agree that it should be 0. That is the point: a number has to mean what one takes it for.
#
# What overlap does not see is where the wrong pixels lie; so papers add a distance, often the 95 % Hausdorff distance. Unit 04 has it.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Two boxes: how fast overlap falls

# %%
demos.boxes()

# %% [markdown]
# How far may the prediction slip sideways before the IoU falls below one half? By a third of its width: $(1 - s)/(1 + s) = 1/2$.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** *Demo* `demos.boxes()`. Drag the prediction onto the target, then slowly off again: IoU falls below ½ at a third of the width. Say what the same slip costs a thin zone: 3 pixels off a box 30 wide leave 27/33 = 0.82, off one 6 wide 3/9 = 0.33. That is why thin zones have low scores even when an outline is good. (The slider *size* changes the prediction alone: a smaller one inside the target loses what it leaves out.)
#
# *If it fails*: the slide shows boxes with IoU 0.31 and Dice 0.47.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Be the network: draw the gland

# %%
demos.draw_a_prediction()

# %% [markdown]
# Who draws it? And what IoU do the others bet on?

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** *Demo* `demos.draw_a_prediction()`. Ask somebody from the first row to draw where the gland is; a closed line fills when the mouse is let go, *Rubber* (E) takes away, *Show the expert* comes last; confusion matrix, IoU and Dice follow the pencil. Ask the hall for a bet on the IoU first. Most draw 0.8 or so and are surprised that it is not more. R gives the next one an empty slice.
#
# *If it fails*: the slide shows the slice and its true outline; ask where two careful people would draw it differently.

# %% [markdown] slideshow={"slide_type": "slide"}
# # What came after: nnU-Net
#
# **Question.** With which new architecture did nnU-Net surpass most methods on 23 public data sets?

# %% [markdown] slideshow={"slide_type": "fragment"}
# With none [Isensee et al. 2021]: a U-Net with small changes.
#
# - **What it changed.** *Who chooses.* Spacing, patch, batch, poolings, normalisation follow from the data set by rules; a few choices are tried out; the rest is fixed.
# - **What stayed.** The U, its skips, and a loss of Dice plus cross-entropy.
#
# Compare new ideas with it before you believe them.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** The name: *no new net*. *The question*: people say "transformers", or "attention". The lesson is humbling: careful preparation beat clever layers. Three kinds of choices: fixed ones (the loss, the optimiser), rules (what follows from a *fingerprint* of the data), and those found by trying (which of up to three configurations, or which pair of them).
#
# A later comparison by the same group found that most gains claimed over it vanish with a fair baseline [Isensee et al. 2024].

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What came after: MONAI
#
# A library on top of PyTorch, open and made for medical images [Cardoso et al. 2022].
#
# - **What it changed.** *What you need not write.* Readers that keep the affine, transforms that move image and label together, networks, losses, metrics, sliding windows.
# - **What stayed.** What these do, and what goes wrong when one calls them with the wrong options.
#
# In the course you build each part first, then check it against the library: *by hand = by library*.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** Options matter: MONAI's `FocalLoss` wants to be told to use the softmax and to keep the background; its `Spacing` keeps the spacing exact where others keep the box. Whoever has written it once knows what to look for.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## What came after: promptable models
#
# A point or a box goes in beside the image, a mask comes out.
#
# - **SAM**: learnt from 11 million photographs with more than a billion masks [Kirillov et al. 2023].
# - **MedSAM**: SAM, trained further on 1.6 million medical images with masks, and prompted by a box [Ma et al. 2024].
# - **What changed.** One network for many tasks. **What stayed.** Focal loss and Dice loss: SAM trains on both.
#
# **Question.** A box around the gland gives a mask. What is missing for the volumes of four zones?

# %% [markdown] slideshow={"slide_type": "fragment"}
# The names: a mask has no class. And somebody who draws the boxes, zone by zone, slice by slice.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1.5 min.** Here a transformer reads the image, and a light decoder gives the mask for a prompt. SAM's mask loss is a weighted sum of focal loss and Dice loss; MedSAM's of cross-entropy and Dice.
#
# *The question*: "accuracy" is the usual answer. True, but there is more: the prompt is human work, and the answer is a region, not a label map. Such models help most to *make* labels, with which one then trains a U-Net.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## Take the course
#
# Where your lecturer has put the course (say where): in a terminal, in its folder, `make lab`. It opens eight units in your browser.
#
# | | | | |
# | --- | --- | --- | --- |
# | **01** | Kinds of segmentation | **05** | The focal loss |
# | **02** | Laser scans | **06** | The U-Net |
# | **03** | Medical volumes | **07** | Prostate zones |
# | **04** | Intersection over union | **08** | Scaling up |
#
# Each cell that you fill is tested at once; `hint(…)` says one thing more at each call. Begin where you like: no unit needs an earlier one.

# %% [markdown] slideshow={"slide_type": "notes"}
# **1 min.** An hour or two for most units, three for 03, 06 and 07. Unit 07 brings together what you have written in 03 to 06, and lends what is missing. Then take questions from the hall.

# %% [markdown] slideshow={"slide_type": "slide"}
# ## References
#
# - J. Behley, M. Garbade, A. Milioto, J. Quenzel, S. Behnke, C. Stachniss, J. Gall: SemanticKITTI: A Dataset for Semantic Scene Understanding of LiDAR Sequences. ICCV 2019.
# - M. J. Cardoso et al.: MONAI: An open-source framework for deep learning in healthcare. arXiv:2211.02701, 2022.
# - L. R. Dice: Measures of the Amount of Ecologic Association Between Species. Ecology, 1945.
# - J. Gehrung, M. Hebel, M. Arens, U. Stilla: An Approach to Extract Moving Objects from MLS Data Using a Volumetric Background Representation. ISPRS Annals, 2017.
# - A. Geiger, P. Lenz, C. Stiller, R. Urtasun: Vision meets Robotics: The KITTI Dataset. International Journal of Robotics Research, 2013.
# - F. Isensee, P. F. Jaeger, S. A. A. Kohl, J. Petersen, K. H. Maier-Hein: nnU-Net: a self-configuring method for deep learning-based biomedical image segmentation. Nature Methods, 2021.
# - F. Isensee et al.: nnU-Net Revisited: A Call for Rigorous Validation in 3D Medical Image Segmentation. MICCAI 2024.
# - P. Jaccard: The distribution of the flora in the alpine zone. New Phytologist, 1912.
# - S. Kapoor, A. Narayanan: Leakage and the reproducibility crisis in machine-learning-based science. Patterns, 2023.
# - A. Kirillov, K. He, R. Girshick, C. Rother, P. Dollár: Panoptic Segmentation. CVPR 2019.
# - A. Kirillov et al.: Segment Anything. ICCV 2023.
# - T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár: Focal Loss for Dense Object Detection. ICCV 2017.
# - W. Luo, Y. Li, R. Urtasun, R. Zemel: Understanding the Effective Receptive Field in Deep Convolutional Neural Networks. NeurIPS 2016.
# - J. Ma, Y. He, F. Li, L. Han, C. You, B. Wang: Segment anything in medical images. Nature Communications, 2024.
# - A. Meyer et al.: Towards Patient-Individual PI-Rads v2 Sector Map: CNN for Automatic Segmentation of Prostatic Zones From T2-Weighted MRI. ISBI 2019.
# - A. Milioto, I. Vizzo, J. Behley, C. Stachniss: RangeNet++: Fast and Accurate LiDAR Semantic Segmentation. IROS 2019.
# - F. Milletari, N. Navab, S.-A. Ahmadi: V-Net: Fully Convolutional Neural Networks for Volumetric Medical Image Segmentation. 3DV 2016.
# - O. Ronneberger, P. Fischer, T. Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015.
# - HPC and Analytics lab, University of Bonn: lecture on U-Nets for medical image segmentation; the order of this lecture and the form of equation (1).

# %% [markdown] slideshow={"slide_type": "notes"}
# **0 min.** Leave this slide up while you take questions.
