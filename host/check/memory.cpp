// A short life of each component under valgrind, where that is installed. LibTorch itself is not clean under it: only
// errors with a frame in the plugin's own code count.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "check/process.hpp"
#include "check/test.hpp"

namespace fs = std::filesystem;

namespace basin::checking {
namespace {

std::string find_program(const std::string& name) {
  const char* path = std::getenv("PATH");
  std::stringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const auto file = fs::path(folder) / name; ::access(file.c_str(), X_OK) == 0) return file;
  return "";
}

std::string between(const std::string& text, const std::string& from, const std::string& to, size_t at = 0) {
  const size_t begin = text.find(from, at);
  if (begin == text.npos) return "";
  const size_t end = text.find(to, begin + from.size());
  return end == text.npos ? "" : text.substr(begin + from.size(), end - begin - from.size());
}

void valgrind(Subject& subject) {
  const std::string program = find_program("valgrind");
  if (program.empty()) throw Skip{"valgrind is not installed"};
  const std::string file = fs::path(subject.request.file).filename();
  std::string log = (fs::temp_directory_path() / "basin-check-XXXXXX").string();
  const int fd = ::mkstemp(log.data());
  if (fd < 0) throw Skip{"no temporary file for valgrind's findings"};
  ::close(fd);
  struct Gone {
    const std::string& file;
    ~Gone() { ::unlink(file.c_str()); }
  } gone{log};
  std::vector<std::string> arguments = {"--xml=yes",
                                        "--xml-file=" + log,
                                        "--leak-check=full",
                                        "--show-leak-kinds=definite",
                                        "--errors-for-leak-kinds=definite",
                                        "--child-silent-after-fork=yes",
                                        "--num-callers=40",
                                        fs::read_symlink("/proc/self/exe"),
                                        "check",
                                        subject.request.file,
                                        "--only",
                                        "borrowed-handles:" + subject.kind + "." + subject.component,
                                        "--seed",
                                        std::to_string(subject.request.seed)};
  for (const auto& set : subject.request.set) arguments.insert(arguments.end(), {"--set", set});
  const Ended ended = run_process(program, arguments, std::max(10, subject.request.timeout * 3 / 4));
  if (ended.timed_out)
    throw Skip{"valgrind did not come to an end within the time for a test; give it more with --timeout"};
  std::ifstream in(log);
  const std::string xml((std::istreambuf_iterator<char>(in)), {});
  expect(xml.find("</valgrindoutput>") != xml.npos, "valgrind ended early" +
                                                        (ended.signal ? " by " + signal_name(ended.signal) : "") +
                                                        ": " + ended.said.substr(0, 120));
  int theirs = 0, others = 0;
  std::string first;
  for (size_t at = 0; (at = xml.find("<error>", at)) != xml.npos; at++) {
    const std::string error = xml.substr(at, xml.find("</error>", at) - at);
    // LibTorch branches on bytes that an empty std::optional leaves unset: of that kind only what happens elsewhere.
    const bool engine =
        error.find("<kind>Uninit") != error.npos && between(error, "<obj>", "</obj>").find("/libtorch") != error.npos;
    const bool mine = !engine && error.find("/" + file + "</obj>") != error.npos;
    (mine ? theirs : others)++;
    if (!mine || !first.empty()) continue;
    const size_t frame = error.find("/" + file + "</obj>");
    first = between(error, "<what>", "</what>");
    if (first.empty()) first = between(error, "<text>", "</text>");
    const std::string function = between(error, "<fn>", "</fn>", frame);
    if (!function.empty()) first += " (in " + function + ")";
  }
  expect(theirs == 0, "valgrind found " + std::to_string(theirs) + " error(s) in its code, the first: " + first);
  const std::string ran = ended.report.find("\"passed\"") != std::string::npos ? "" : "; the run itself did not pass";
  expect(ran.empty(), "under valgrind the component's life did not pass: " + ended.report.substr(0, 160));
  subject.passed = "no error and no definite leak with a frame in its code";
}

}  // namespace

std::vector<Test> memory_tests() {
  return {{"memory-valgrind", "*", "Valgrind finds no error and no leak in its code.", valgrind}};
}

}  // namespace basin::checking
