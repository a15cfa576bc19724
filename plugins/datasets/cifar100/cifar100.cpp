// CIFAR-100 in its binary layout (Krizhevsky 2009): records with two label bytes, first the one of 20 coarse classes,
// then the one of 100 fine ones.
#include "../cifar10/cifar.hpp"

using namespace basin;

struct Cifar100 {
  static constexpr const char* name = "cifar100";
  static constexpr const char* summary =
      "CIFAR-100 in its binary layout: 60,000 photographs of a hundred kinds, 32x32.";
  std::string root, split, labels;
  int64_t size;

  static auto parameters() {
    return declare(
        folder("root", &Cifar100::root,
               "The folder with train.bin and test.bin, or the one that holds cifar-100-binary."),
        choice("split", &Cifar100::split, "train", {"train", "test", "all"},
               "50,000 images to train on, 10,000 to test on, or both in this order."),
        choice("labels", &Cifar100::labels, "fine", {"fine", "coarse"}, "The 100 classes, or the 20 groups of five."),
        cifar::size_option(&Cifar100::size));
  }

  void open() {
    std::vector<cifar::File> files = layout().files;
    if (split == "train") files.pop_back();
    if (split == "test") files.erase(files.begin());
    const cifar::fs::path folder = cifar::find(layout(), root);
    images_.load(layout(), folder, files, labels == "coarse" ? 0 : 1, classes(), size);
    read_names(folder / (labels + "_label_names.txt"));
  }

  DatasetInfo describe() const {
    DatasetInfo info = images_.describe(layout(), split);
    info.classes = classes(), info.class_names = names_;
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* out) const { images_.read(indices, values, out); }

 private:
  static cifar::Layout layout() {
    return {"CIFAR-100", "cifar-100-binary", 2, {{"train.bin", 50000}, {"test.bin", 10000}}};
  }
  int64_t classes() const { return labels == "coarse" ? 20 : 100; }

  // One name a line, as the archive has it; a folder without this file has classes without names.
  void read_names(const cifar::fs::path& file) {
    std::ifstream in(file);
    if (!in) return;
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) names_.push_back(line);
    if (static_cast<int64_t>(names_.size()) != classes())
      throw error("The file '" + file.string() + "' names " + std::to_string(names_.size()) +
                      " classes, and CIFAR-100 has " + std::to_string(classes()) + ": unpack it again.",
                  BASIN_ERROR_IO);
  }

  cifar::Images images_;
  std::vector<std::string> names_;
};

BASIN_PLUGIN("cifar100", "0.1.0", "Apache-2.0", "CIFAR-100 from the files of its binary version.",
             basin::DatasetComponent<Cifar100>)
