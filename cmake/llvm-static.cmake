# abi3ify-llvm-static: LLVM, Clang, the C++ library and the compression libraries from archives, of
# which the linker takes what is called. By file names: Clang's exported targets would bring the
# shared LLVM along.
add_library(abi3ify-llvm-static INTERFACE)
file(GLOB LLVM_ARCHIVES ${LLVM_LIBRARY_DIR}/libclang[A-Z]*.a ${LLVM_LIBRARY_DIR}/libLLVM*.a)
find_library(ZSTD_ARCHIVE libzstd.a)
find_library(ZLIB_ARCHIVE libz.a)
target_link_libraries(abi3ify-llvm-static INTERFACE
  -Wl,--start-group ${LLVM_ARCHIVES} -Wl,--end-group ${ZSTD_ARCHIVE} ${ZLIB_ARCHIVE}
  -static-libstdc++ -static-libgcc -Wl,--gc-sections)
