// All pictures below a folder, each with the first sub-folder of its path as its label.
#include <map>

#include "pictures.hpp"

using namespace basin;
namespace fs = std::filesystem;

struct ImageFolder {
  static constexpr const char* name = "image_folder";
  static constexpr const char* summary = "Every picture below a folder; the first sub-folder of each is its label.";
  std::string root;
  int64_t size, keep;

  static auto parameters() {
    return declare(
        folder("root", &ImageFolder::root, "The folder; png, jpg, jpeg, bmp and webp files below it are found."),
        pictures::size_option(&ImageFolder::size), pictures::keep_option(&ImageFolder::keep));
  }

  void open() {
    std::error_code failed;
    for (fs::recursive_directory_iterator i(root, fs::directory_options::follow_directory_symlink, failed), end;
         !failed && i != end; i.increment(failed))
      if (std::error_code e; i->is_regular_file(e) && pictures::is_picture(i->path().string()))
        files_.push_back(i->path().string());
    if (failed) throw error("The folder '" + root + "' cannot be read: " + failed.message() + ".", BASIN_ERROR_IO);
    if (files_.empty())
      throw error(
          "There is no picture below '" + root + "': expected files that end in .png, .jpg, .jpeg, .bmp or .webp.",
          BASIN_ERROR_NOT_FOUND);
    std::sort(files_.begin(), files_.end());

    std::map<std::string, int64_t> classes;  // sorted by name
    for (const std::string& file : files_)
      if (const std::string label = label_of(file); !label.empty()) classes.emplace(label, 0);
    for (auto& [label, index] : classes) index = static_cast<int64_t>(names_.size()), names_.push_back(label);
    for (const std::string& file : files_) {
      const auto found = classes.find(label_of(file));
      labels_.push_back(found == classes.end() ? -1 : found->second);
    }
    pictures_.open({files_.size(), [this](size_t i) { return files_[i]; },
                    [this](size_t i) { return pictures::read_bytes(files_[i]); }},
                   size, keep);
  }

  DatasetInfo describe() const {
    DatasetInfo info;
    info.count = static_cast<int64_t>(files_.size()), info.height = info.width = pictures_.size();
    info.classes = static_cast<int64_t>(names_.size()), info.class_names = names_;
    info.reference = "pictures of " + fs::path(root).lexically_normal().string() + ", " + pictures_.text();
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* labels) {
    pictures_.read(indices, labels_, values, labels);
  }

 private:
  // "cats" of ROOT/cats/more/1.png; "" of ROOT/1.png.
  std::string label_of(const std::string& file) const {
    const fs::path below = fs::path(file).lexically_relative(root);
    return below.has_parent_path() ? below.begin()->string() : "";
  }

  std::vector<std::string> files_, names_;
  std::vector<int64_t> labels_;  // -1: directly in the root
  pictures::Store pictures_;
};

BASIN_PLUGIN("image_folder", "0.1.0", "Apache-2.0", "A folder of pictures as a data set.",
             basin::DatasetComponent<ImageFolder>)
