# embed(TARGET FUNCTION BASE FILE...) makes an object library. Its source, TARGET's name in the
# build folder, defines FUNCTION of include/abi3ify/embedded.h, which gives each FILE's path from
# BASE on and its bytes: one array a file, filled by #embed, so that a changed file rebuilds this
# one source only.
function(embed target source function base)
  set(EMBEDDED_INCLUDES "")
  set(EMBEDDED_TABLE "")
  set(index 0)
  set(paths "")
  foreach(file ${ARGN})
    string(APPEND EMBEDDED_INCLUDES
      "static const char data${index}[] = {\n#embed \"${base}/${file}\" suffix(,)\n0};\n")
    string(APPEND EMBEDDED_TABLE "    {\"${file}\", {data${index}, sizeof(data${index}) - 1}},\n")
    list(APPEND paths ${base}/${file})
    math(EXPR index "${index} + 1")
  endforeach()
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embedded.cpp.in ${CMAKE_BINARY_DIR}/${source} @ONLY)
  set_property(SOURCE ${CMAKE_BINARY_DIR}/${source} PROPERTY OBJECT_DEPENDS "${paths}")
  add_library(${target} OBJECT ${CMAKE_BINARY_DIR}/${source})
  # ccache does not see what #embed reads, and would give the object of before.
  set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER "")
  target_include_directories(${target} PRIVATE ${CMAKE_SOURCE_DIR}/include)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wno-c23-extensions)
endfunction()
