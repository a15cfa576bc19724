// basin data: fetches data sets from their official places, and says what is in a folder or file.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace basin::cli {

struct DataGet {
  std::string what;                   // "cifar10", or the URL of a .tar.gz; empty: lists the names
  std::string md5;                    // of a URL
  std::filesystem::path to = "data";  // the folder that the archive is unpacked in
};

// Fetches the archive, where an earlier attempt stopped if there was one, compares its MD5 and unpacks it. Error: what
// was fetched so far stays and is continued; an archive with another MD5 or with members that lead out of the folder
// goes.
void get_data(const DataGet& wanted);

struct DataCheck {
  std::string path;
  std::vector<std::string> set;  // "size=64": an option for every reader that has it
};

// Opens a folder or file with each data set plugin that takes it, reads every item and prints what there is. True: one
// plugin at least knows it, and nothing is wrong. Error: nobody knows it.
bool check_data(const DataCheck& wanted);

}  // namespace basin::cli
