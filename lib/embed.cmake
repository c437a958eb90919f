# SPDX-License-Identifier: GPL-2.0-only
# A text file as a C string: cmake -D NAME=… -D IN=… -D OUT=… -P embed.cmake
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "((0x..,){16})" "\\1\n\t" bytes "${bytes}")
get_filename_component(from ${IN} NAME)
file(WRITE ${OUT} "/* Made from ${from}; do not edit. */\n"
	"static const char ${NAME}[] = {\n\t${bytes}0x00,\n};\n")
