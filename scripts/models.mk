# Trains the shipped models again from the two data sets: what docs/training.md tells, as commands.
#
#   make models FER2013=fer2013.csv.xz FERPLUS=fer2013new.csv [OUT=training]
#
# It takes about half a day of two cores. Stop it whenever you like: the same command goes on from
# the last epoch. The models are in OUT/models at the end. REHEARSE=1 goes through all of it with a
# tiny network, one epoch a stage, and without dlib's weights, to see that it would work: only the
# stages that begin from nothing, with a teacher, and from a model are run then, each once. The
# others, which differ from those in numbers and in what teachers see, are copies of the stage before.

FER_BATCH ?= fer-batch
OUT ?= training
REHEARSE ?=

DATA := "$(FER2013)" --fer-plus "$(FERPLUS)"
WITH_LANDMARKS := $(DATA) --landmarks $(OUT)/landmarks.npz
MODELS := fer7 ferplus8 fer3
# Convolutions in bfloat16: PRECISION=float32 where the processor knows none.
PRECISION ?= mixed_bfloat16

ifeq ($(REHEARSE),)
RESNET := resnet
FACE := resnet-face --start-from face-recognition
FACE_AGAIN := resnet-face --freeze stem,s1
FACE_LARGE := resnet-face-large --start-from face-recognition
epochs = $(1) --cooldown-epochs $(2)
else
RESNET := tiny
FACE := tiny
FACE_AGAIN := tiny
FACE_LARGE := tiny
epochs = $(or $(3),1) --cooldown-epochs 1
endif

TRAIN := $(FER_BATCH) train $(WITH_LANDMARKS) --targets joint --precision $(PRECISION) --resume
EXPORT := $(FER_BATCH) export
starts = $(foreach model,$(MODELS),--start-from $(OUT)/$(1)/$(model).json)
teachers = $(foreach place,$(1),$(foreach model,$(MODELS),--teacher $(OUT)/$(place)/$(model).json))
# All later stages of the small network: teachers see what the student sees, images are mixed.
STUDENT := --arch $(RESNET) --teachers-see variants --weight-decay 0.02 --erase 0.3 --mix 0.2

.PHONY: models
models: $(OUT)/models.done

$(OUT)/landmarks.npz:
	@test -f "$(FER2013)" -a -f "$(FERPLUS)" || { \
		echo "make models FER2013=fer2013.csv.xz FERPLUS=fer2013new.csv: no such files" >&2; exit 1; }
	mkdir -p $(OUT)
	$(FER_BATCH) calibrate "$(FER2013)" -o $@

# A training is its options; in what order they go stands with each.
STAGES := base face1 face2 face3 student fifth sixth film large
COPIED := $(if $(REHEARSE),face1 face2 face3 student fourth fifth sixth)
done = $(addprefix $(OUT)/,$(addsuffix .done,$(1)))
$(call done,$(filter-out $(COPIED),$(STAGES))): $(OUT)/%.done:
	$(TRAIN) $(options.$*) -o $(OUT)/$*
	touch $@

# Models halfway between where a training ended and where it began.
BLENDS := fourth blend
$(call done,$(filter-out $(COPIED),$(BLENDS))): $(OUT)/%.done:
	$(EXPORT) $(<:.done=) $(WITH_LANDMARKS) --start-share 0.5 -o $(OUT)/$*
	touch $@

$(call done,$(COPIED)): $(OUT)/%.done:
	rm -rf $(OUT)/$*
	cp -r $(<:.done=) $(OUT)/$*
	touch $@

# The small network: from nothing, then once more with itself as its teacher.
options.base = --arch $(RESNET) --erase 0.4 --weight-decay 0.02 --epochs $(call epochs,86,40)
$(OUT)/base.done: $(OUT)/landmarks.npz

$(OUT)/third.done: $(OUT)/base.done
	$(TRAIN) --lr 0.0015 $(call teachers,base) --teacher-share 0.6 \
		--epochs $(call epochs,137,51,2) -o $(OUT)/base
	$(EXPORT) $(OUT)/base $(WITH_LANDMARKS) -o $(OUT)/third
	touch $@

# A larger network that already knows faces, to learn from; none of its weights are shipped.
options.face1 = --arch $(FACE) --lr 0.0007 --erase 0.4 --seed 1 --epochs $(call epochs,11,10)
$(OUT)/face1.done: $(OUT)/third.done

options.face2 = --arch $(FACE_AGAIN) $(call starts,face1) --lr 0.0007 --erase 0.2 --seed 2 \
	$(call teachers,third) --teacher-share 0.5 --epochs $(call epochs,17,14)
$(OUT)/face2.done: $(OUT)/face1.done

options.face3 = --arch $(FACE_AGAIN) $(call starts,face2) --lr 0.0006 --erase 0.5 --seed 5 \
	$(call teachers,face2 third) --teacher-share 0.6 --epochs $(call epochs,18,18)
$(OUT)/face3.done: $(OUT)/face2.done

# The small network again: its student, halfway between which and its beginning the fourth stage is.
options.student = $(STUDENT) $(call starts,third) --lr 0.001 --seed 7 \
	$(call teachers,face3 third) --teacher-share 0.85 --epochs $(call epochs,63,63)
$(OUT)/student.done: $(OUT)/face3.done

$(OUT)/fourth.done: $(OUT)/student.done

options.fifth = $(STUDENT) $(call starts,fourth) --lr 0.001 --seed 11 \
	$(call teachers,fourth third) --teacher-share 0.6 --epochs $(call epochs,50,38)
$(OUT)/fifth.done: $(OUT)/fourth.done

options.sixth = $(STUDENT) $(call starts,fifth) --lr 0.0015 --seed 21 \
	$(call teachers,fifth fourth) --teacher-share 0.6 --epochs $(call epochs,111,91)
$(OUT)/sixth.done: $(OUT)/fifth.done

# Faces as in video: what the models before say of clean images is learned for worn ones. Halfway
# between it and its beginning is what is shipped; see "Faces as in video" in docs/training.md.
WORN := --mix 0.2 --erase 0.1 --align 0.5 --degrade 0.6 --occlude 0.12 --jitter 0.8 --weight ferplus8=2
options.film = --arch $(RESNET) $(call starts,sixth) --lr 0.001 --weight-decay 0.02 --seed 31 $(WORN) \
	$(call teachers,sixth) --teachers-see images --teacher-share 0.6 --epochs $(call epochs,49,48)
$(OUT)/film.done: $(OUT)/sixth.done

$(OUT)/blend.done: $(OUT)/film.done

# A better teacher, not among what `make models` makes: see "Next" in docs/training.md.
.PHONY: teacher
teacher: $(OUT)/large.done
options.large = --arch $(FACE_LARGE) --lr 0.0007 --weight-decay 0.02 --seed 41 $(WORN) \
	--epochs $(call epochs,100,60)
$(OUT)/large.done: $(OUT)/landmarks.npz

# What is shipped: its models, one of fewer labels, the twins of eight bits, and the head of the
# second network that all of them ask, too.
SHIPPED := $(OUT)/models
# Of ferplus3: chosen on photos, see docs/model-card.md.
PRIOR := happy=0.39,sad=0.29,neutral=0.32
# The same with the second network.
PHOTO_PRIOR := happy=0.40,sad=0.32,neutral=0.28
$(OUT)/models.done: $(OUT)/blend.done
	rm -rf $(SHIPPED)
	mkdir -p $(SHIPPED)
	for model in $(MODELS); do cp $(OUT)/blend/$$model.* $(SHIPPED)/ || exit; done
	$(FER_BATCH) narrow $(SHIPPED)/ferplus8.json $(DATA) --emotions happy,sad,neutral \
		--prior $(PRIOR) -o $(SHIPPED)
	$(FER_BATCH) quantise $(foreach model,$(MODELS) ferplus3,$(SHIPPED)/$(model).json) $(DATA) \
		-o $(SHIPPED)
	$(FER_BATCH) add-second $(SHIPPED)/*.json $(WITH_LANDMARKS)
	$(FER_BATCH) add-second $(SHIPPED)/ferplus3.json $(SHIPPED)/ferplus3-int8.json $(WITH_LANDMARKS) \
		--head $(SHIPPED)/second.npz --prior $(PHOTO_PRIOR)
	touch $@
