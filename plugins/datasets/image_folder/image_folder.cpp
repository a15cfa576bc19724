// All pictures below a folder, each cropped and resized to one size as guided-diffusion does it.
//
// A picture is decoded when it is first asked for and, as long as all of them fit, kept.
#include <basin/basin.hpp>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>

using namespace basin;

namespace {

namespace fs = std::filesystem;
constexpr const char* endings[] = {".png", ".jpg", ".jpeg", ".bmp", ".webp"};

bool is_picture(const fs::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(std::begin(endings), std::end(endings), ending) != std::end(endings);
}

}  // namespace

struct ImageFolder {
  static constexpr const char* name = "image_folder";
  static constexpr const char* summary = "Every picture below a folder; the first sub-folder of each is its label.";
  std::string root;
  int64_t size, keep;

  static auto parameters() {
    return declare(
        folder("root", &ImageFolder::root, "The folder; png, jpg, jpeg, bmp and webp files below it are found."),
        integer("size", &ImageFolder::size, 32, "Width and height after cropping to the middle square.")
            .between(1, 4096)
            .unit("pixels"),
        integer("keep", &ImageFolder::keep, 1024,
                "Decoded pictures are kept in memory when all of them fit in this; 0: never.")
            .at_least(0)
            .unit("MiB"));
  }

  void open() {
    std::error_code failed;
    for (fs::recursive_directory_iterator i(root, fs::directory_options::follow_directory_symlink, failed), end;
         !failed && i != end; i.increment(failed))
      if (std::error_code e; i->is_regular_file(e) && is_picture(i->path())) files_.push_back(i->path().string());
    if (failed) throw error("The folder '" + root + "' cannot be read: " + failed.message() + ".", BASIN_ERROR_IO);
    if (files_.empty())
      throw error(
          "There is no picture below '" + root + "': expected files that end in .png, .jpg, .jpeg, .bmp or .webp.",
          BASIN_ERROR_IO);
    std::sort(files_.begin(), files_.end());

    std::map<std::string, int64_t> classes;  // sorted by name
    for (const std::string& file : files_)
      if (const std::string label = label_of(file); !label.empty()) classes.emplace(label, 0);
    for (auto& [label, index] : classes) index = static_cast<int64_t>(names_.size()), names_.push_back(label);
    for (const std::string& file : files_) {
      const auto found = classes.find(label_of(file));
      labels_.push_back(found == classes.end() ? -1 : found->second);
    }
    if (static_cast<int64_t>(files_.size()) * item_size() <= keep << 20) {
      kept_.resize(files_.size() * static_cast<size_t>(item_size()));
      states_ = std::make_unique<std::atomic<uint8_t>[]>(files_.size());
      for (size_t i = 0; i < files_.size(); ++i) states_[i] = absent;
    }
  }

  DatasetInfo describe() {
    DatasetInfo info;
    info.count = static_cast<int64_t>(files_.size()), info.height = info.width = size;
    info.classes = static_cast<int64_t>(names_.size()), info.class_names = names_;
    info.reference = "pictures of " + fs::path(root).lexically_normal().string() + ", " + std::to_string(info.count) +
                     " images at " + std::to_string(size) + "x" + std::to_string(size);
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* labels) {
    auto* out = static_cast<uint8_t*>(values);  // [n,3,size,size]
    parallel_for(static_cast<int64_t>(indices.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const auto index = static_cast<size_t>(indices[static_cast<size_t>(i)]);
        item(index, out + i * item_size());
        if (labels) labels[i] = labels_[index];
      }
    });
  }

 private:
  enum : uint8_t { absent, arriving, there };
  int64_t item_size() const { return 3 * size * size; }

  // "cats" of ROOT/cats/more/1.png; "" of ROOT/1.png.
  std::string label_of(const std::string& file) const {
    const fs::path below = fs::path(file).lexically_relative(root);
    return below.has_parent_path() ? below.begin()->string() : "";
  }

  // Whoever reads a picture first keeps it for the others; nobody waits.
  void item(size_t index, uint8_t* out) {
    const auto bytes = static_cast<size_t>(item_size());
    uint8_t* place = kept_.empty() ? nullptr : kept_.data() + index * bytes;
    if (place && states_[index].load(std::memory_order_acquire) == there) {
      std::memcpy(out, place, bytes);
      return;
    }
    read_image(files_[index], size, out);
    uint8_t expected = absent;
    if (place && states_[index].compare_exchange_strong(expected, arriving)) {
      std::memcpy(place, out, bytes);
      states_[index].store(there, std::memory_order_release);
    }
  }

  std::vector<std::string> files_, names_;
  std::vector<int64_t> labels_;  // -1: directly in the root
  std::vector<uint8_t> kept_;    // [N,3,size,size], or empty
  std::unique_ptr<std::atomic<uint8_t>[]> states_;
};

BASIN_PLUGIN("image_folder", "0.1.0", "Apache-2.0", "A folder of pictures as a data set.",
             basin::DatasetComponent<ImageFolder>)
