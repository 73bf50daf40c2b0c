// Writes the rules' examples as sources, for tests that hand them to programs:
// FOLDER/N/example.c or .cpp with the headers beside it, and FOLDER/sources.json.
//
//   abi3ify-examples INCLUDE FOLDER     INCLUDE: the folder of a Python.h
#include "abi3ify/examples.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace abi3ify;

namespace {

ExitOnError orStop("abi3ify-examples: ");

void write(const std::string &path, StringRef text) {
  orStop(errorCodeToError(sys::fs::create_directories(sys::path::parent_path(path))));
  std::error_code code;
  raw_fd_ostream out(path, code);
  orStop(errorCodeToError(code));
  out << text;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 3)
    return errs() << "usage: abi3ify-examples INCLUDE FOLDER\n", 2;
  PythonHeaders headers = orStop(askPython(argv[1]));
  RuleSet rules = orStop(loadRules(""));
  std::string folder = argv[2];
  json::Array list;
  for (const ExampleSource &source : exampleSources(rules, headers)) {
    std::string own = folder + "/" + std::to_string(list.size());
    std::string name = source.cxx ? "example.cpp" : "example.c";
    write(own + "/" + name, source.text);
    for (const auto &[header, text] : source.beside)
      write(own + "/" + header, text);
    list.push_back(json::Object{{"file", std::to_string(list.size()) + "/" + name},
                                {"floor", source.floor.str()},
                                {"only", source.only},
                                {"rules", json::Array(source.rules)}});
  }
  write(folder + "/sources.json", formatv("{0:2}", json::Value(std::move(list))).str());
}
