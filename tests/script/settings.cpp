// basin.toml: what it says, and what it is told when it is wrong.
#include "cli/settings.hpp"

#include <unistd.h>

#include <fstream>

#include "abi/error.hpp"
#include "catch.hpp"

using basin::cli::read_toml;

namespace {

struct File {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("basin-" + std::to_string(getpid()) + ".toml");
  explicit File(const std::string& text) { std::ofstream(path) << text; }
  ~File() { std::filesystem::remove(path); }
};

std::string problem(const std::string& text) {
  const File file(text);
  try {
    read_toml(file.path);
  } catch (const basin::Error& e) {
    const std::string sentence = e.what(), name = file.path.string();
    return sentence.starts_with(name) ? sentence.substr(name.size()) : sentence;
  }
  return "";
}

}  // namespace

TEST_CASE("a file of settings") {
  const File file(
      "plugins = [\"mine\", \"/abs\"]\ndevice = \"cpu\"\nthreads = 3\nruns = \"r\"\n[data]\ncifar10 = \"c\"\n");
  const auto toml = read_toml(file.path);
  const auto folder = file.path.parent_path();
  CHECK(toml.plugins == std::vector<std::filesystem::path>{folder / "mine", "/abs"});
  CHECK(toml.device->value == "cpu");
  CHECK(toml.device->origin == file.path.string() + ":2");
  CHECK_FALSE(toml.precision);
  CHECK(read_toml(File("device = \"cuda:1\"\n").path).device->value == "cuda:1");  // what a script accepts
  CHECK(toml.threads->value == 3);
  CHECK(toml.runs->value == folder / "r");
  CHECK(toml.data.at("cifar10").value == (folder / "c").string());
  CHECK(read_toml("no-such-file.toml").plugins.empty());
}

TEST_CASE("a wrong file of settings") {
  CHECK(problem("device = \"cpu\"\ndevise = \"cpu\"\n") == ":2: unknown key 'devise'; did you mean 'device'?");
  CHECK(problem("device = \"gpu\"\n") ==
        ":1: 'device' must be one of auto, cpu, cuda, cuda:N, got 'gpu'; did you mean 'cpu'?");
  CHECK(problem("\ndevice = 3\n") == ":2: 'device' must be a string, got an integer");
  for (const char* threads : {"0", "-2", "1025", "99999999999", "2.0", "\"2\""})
    CHECK(problem(std::string("threads = ") + threads + "\n") == ":1: 'threads' must be an integer from 1 to 1024");
  CHECK(problem("plugins = \"x\"\n") == ":1: 'plugins' must be a list of folders: plugins = [\"build/plugins\"]");
  CHECK(problem("\nplugins = [\"x\",\n 3]\n") ==
        ":3: 'plugins' must be a list of folders, plugins = [\"build/plugins\"], got an integer in it");
  CHECK(problem("[data]\ncifar10 = 3\n") == ":2: 'cifar10' must be a string, got an integer");
  CHECK(problem("device = \n").starts_with(":1: "));
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("basin-toml-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  CHECK_THROWS_WITH(read_toml(folder), Catch::Matchers::Contains("is a folder"));
  std::filesystem::remove(folder);
}
