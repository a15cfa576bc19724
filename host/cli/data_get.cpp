// basin data get: the archive beside the place where it is unpacked, its MD5, its files.
#include <cstdio>

#include "abi/error.hpp"
#include "cli/data.hpp"
#include "cli/download.hpp"
#include "plugin/files.hpp"
#include "plugin/value.hpp"

namespace basin::cli {
namespace {

namespace fs = std::filesystem;

struct Official {
  const char *name, *url, *md5;
  int64_t bytes;
  const char* folder;  // that the archive unpacks to
};

// Sizes and sums as https://www.cs.toronto.edu/~kriz/cifar.html gives them.
constexpr Official kOfficial[] = {
    {"cifar10", "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530",
     170052171, "cifar-10-batches-bin"},
    {"cifar100", "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8",
     168513733, "cifar-100-binary"},
};

Official find(const DataGet& wanted) {
  std::vector<std::string> names;
  for (const Official& one : kOfficial) {
    if (one.name != wanted.what) {
      names.emplace_back(one.name);
      continue;
    }
    if (!wanted.md5.empty()) throw Error("the MD5 of " + wanted.what + " is known; --md5 goes with a URL");
    return one;
  }
  if (wanted.what.find("://") == std::string::npos) {
    const std::string near = nearest(wanted.what, names);
    throw Error("there is no data set '" + wanted.what + "' to get" +
                    (near.empty() ? "." : "; did you mean '" + near + "'?") +
                    " basin data get alone lists what there is; or give the URL of a .tar.gz and its --md5",
                BASIN_ERROR_NOT_FOUND);
  }
  if (wanted.md5.size() != 32 || wanted.md5.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw Error(
        "a URL goes with --md5, the 32 digits (0-9, a-f) that its publisher gives, so that what arrives can be "
        "compared" +
        (wanted.md5.empty() ? std::string() : "; '" + wanted.md5 + "' was given"));
  return {"", wanted.what.c_str(), wanted.md5.c_str(), 0, ""};
}

// cifar-10-binary.tar.gz of its URL
std::string file_name(const std::string& url) {
  std::string path = url.substr(url.find("://") + 3);
  path = path.substr(0, path.find_first_of("?#"));
  const std::string name = path.substr(path.rfind('/') + 1);
  return name.empty() || name == path || name == "." || name == ".." ? "archive.tar.gz" : name;
}

void refuse_to_replace(const fs::path& place) {
  std::error_code ignored;
  if (fs::exists(place, ignored))
    throw Error(
        "'" + place.string() + "' is there already: basin data check says what it holds; remove it to get it anew",
        BASIN_ERROR_IO);
}

}  // namespace

void get_data(const DataGet& wanted) {
  if (wanted.what.empty()) {
    for (const Official& one : kOfficial)
      std::printf("%-9s %4lld MB  %s\n", one.name, static_cast<long long>(one.bytes / 1000000), one.url);
    return;
  }
  const Official source = find(wanted);
  if (*source.folder) refuse_to_replace(wanted.to / source.folder);
  make_folders(wanted.to);
  const fs::path part = wanted.to / (file_name(source.url) + ".part"),
                 unpacked = wanted.to / (file_name(source.url) + ".unpacked");
  std::error_code ignored;
  if (!fs::exists(part, ignored) || md5_of(part) != source.md5) download(source.url, part, source.bytes);
  if (const std::string md5 = md5_of(part); md5 != source.md5) {
    fs::remove(part, ignored);
    throw Error("what came from '" + std::string(source.url) + "' has the MD5 " + md5 + ", and " + source.md5 +
                    " was expected: it was removed; the same command again fetches it anew",
                BASIN_ERROR_IO);
  }
  unpack(part, unpacked);
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(unpacked)) entries.push_back(entry.path().filename());
  for (const fs::path& entry : entries) refuse_to_replace(wanted.to / entry);
  for (const fs::path& entry : entries) {
    fs::rename(unpacked / entry, wanted.to / entry);
    std::printf("%s\n", (wanted.to / entry).c_str());
  }
  fs::remove_all(unpacked, ignored);
  fs::remove(part, ignored);
}

}  // namespace basin::cli
