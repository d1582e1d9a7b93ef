# Builds the two programs with make alone, for demo.sh: CMake and what it stands on would be
# a third of what a bare Debian has to install. Only CMake installs and tests them; a test
# looks that both compile the same files in the same way.
#
#     make -f scripts/programs.mk [BUILD=build]
BUILD ?= build
objects := $(BUILD)/objects

rooms := $(shell sed -n 's/^foreach.room \(.*\) tool .*/\1/p' CMakeLists.txt)
version := $(shell sed -n 's/^project.audiogenrl VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
libraries := smf glib-2.0 alsa jansson inih libsystemd ncursesw zlib
# Scores, where the libraries for them are there: they are half as much again to install.
scores := $(shell pkg-config --exists libxml-2.0 libzip && echo libxml-2.0 libzip)
libraries += $(scores)
jack := $(shell pkg-config --exists jack && echo jack)

CFLAGS ?= -O3 -DNDEBUG
options := -std=gnu11 -ffp-contract=off -fno-math-errno -D_GNU_SOURCE -I. \
    -DAUDIOGENRL_VERSION='"$(version)"' \
    -DAUDIOGENRL_DEFAULT_MODEL='"/usr/local/share/audiogenrl/default.model"' \
    $(shell pkg-config --cflags $(libraries) $(jack))
linked := -Wl,--as-needed $(shell pkg-config --libs $(libraries)) -lportmidi -l:libcairo.so.2 \
    -ldl -lpthread -lm

left_out := $(if $(scores),piece/musicxml_none.c,$(filter-out piece/musicxml_none.c,$(wildcard \
    piece/musicxml*.c piece/mxl.c)))
# Of JACK only the headers are needed.
left_out += $(if $(jack),midi/port_jack_none.c,midi/port_jack.c midi/jack_library.c \
    midi/jack_watch.c midi/wire.c)
compiled = $(patsubst %.c,$(objects)/%.o,$(filter-out $(left_out),$(wildcard $(1:%=%/*.c))))
# What both programs share, in one archive: each links what it uses of it.
shared := $(objects)/shared.a

all: $(BUILD)/tool/audiogenrl $(BUILD)/daemon/audiogenrld

$(BUILD)/tool/audiogenrl: $(call compiled,tool) $(shared)
$(BUILD)/daemon/audiogenrld: $(call compiled,daemon) $(shared)
$(BUILD)/tool/audiogenrl $(BUILD)/daemon/audiogenrld:
	@mkdir -p $(@D)
	$(CC) -o $@ $^ $(linked)

$(shared): $(call compiled,$(rooms))
	rm -f $@
	ar rc $@ $^

$(objects)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(options) -MMD -c -o $@ $<

-include $(wildcard $(objects)/*/*.d)
.PHONY: all
