# cmake -DFILE=journal/committer.cpp -DSOURCE=<top>/src/journal/committer.cpp -DOUTPUT=... -P rig.cmake: writes OUTPUT, which is
# SOURCE with the edits of mutants.cmake.
cmake_minimum_required(VERSION 3.25)
file(READ ${SOURCE} text)

# mutant(NAME FILE TEXT REPLACEMENT): one edit, of a text that stands in the file once. A mutant may need several.
function(mutant name file before after)
  if(NOT file STREQUAL FILE)
    return()
  endif()
  string(FIND "${text}" "${before}" first)
  string(FIND "${text}" "${before}" last REVERSE)
  if(first EQUAL -1 OR NOT first EQUAL last)
    message(FATAL_ERROR "The mutant ${name} (tests/mutants/mutants.cmake) no longer fits src/${file}, where this must stand once:\n${before}")
  endif()
  string(REPLACE "${before}" "${after}" text "${text}")
  set(text "${text}" PARENT_SCOPE)
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/mutants.cmake)
file(WRITE ${OUTPUT} "#include \"mutants/rigged.hpp\"\n#line 1 \"${SOURCE}\"\n${text}")
