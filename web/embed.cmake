# Writes OUTPUT, C that holds the files of PAGE: path, file below FOLDER and type, one after
# the other, with '|' between them. A script of CMake, for nothing else need be there.
string(REPLACE "|" ";" page "${PAGE}")
set(arrays "")
set(table "")
set(number 0)
while(page)
  list(POP_FRONT page path file type)
  if(type MATCHES "^text/")
    string(APPEND type "; charset=utf-8")
  endif()
  file(READ ${FOLDER}/${file} bytes HEX)
  file(SHA256 ${FOLDER}/${file} sum)
  string(SUBSTRING ${sum} 0 16 sum)
  string(LENGTH ${bytes} length)
  math(EXPR length "${length} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" bytes ${bytes})
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes ${bytes})
  string(APPEND arrays "static const unsigned char file_${number}[] = {\n${bytes}};\n")
  string(APPEND table "    {\"${path}\", \"${type}\", \"\\\"${sum}\\\"\", file_${number}, ${length}},\n")
  math(EXPR number "${number} + 1")
endwhile()
file(WRITE ${OUTPUT}.new "#include \"web/asset.h\"\n\n#include <string.h>\n\n${arrays}
static const struct asset assets[] = {\n${table}};

const struct asset *asset_find(const char *path)
{
    for (size_t i = 0; i < sizeof assets / sizeof *assets; i++)
        if (strcmp(assets[i].path, path) == 0)
            return &assets[i];
    return NULL;
}
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
