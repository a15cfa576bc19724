// CIFAR-10 in its binary layout (Krizhevsky 2009): six files of 10,000 records with one label byte.
#include "cifar.hpp"

using namespace basin;

struct Cifar10 {
  static constexpr const char* name = "cifar10";
  static constexpr const char* summary = "CIFAR-10 in its binary layout: 60,000 photographs of ten kinds, 32x32.";
  std::string root, split;
  int64_t size;

  static auto parameters() {
    return declare(
        folder("root", &Cifar10::root, "The folder with data_batch_1.bin, or the one that holds cifar-10-batches-bin."),
        choice("split", &Cifar10::split, "train", {"train", "test", "all"},
               "50,000 images to train on, 10,000 to test on, or both in this order."),
        cifar::size_option(&Cifar10::size));
  }

  void open() {
    std::vector<cifar::File> files = layout().files;  // five to train on, then the one to test on
    if (split == "train") files.pop_back();
    if (split == "test") files.erase(files.begin(), files.end() - 1);
    images_.load(layout(), cifar::find(layout(), root), files, 0, 10, size);
  }

  DatasetInfo describe() const {
    DatasetInfo info = images_.describe(layout(), split);
    info.classes = 10;
    info.class_names = {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
    return info;
  }

  void read(Span<const int64_t> indices, void* values, int64_t* labels) const { images_.read(indices, values, labels); }

 private:
  static cifar::Layout layout() {
    return {"CIFAR-10",
            "cifar-10-batches-bin",
            1,
            {{"data_batch_1.bin", 10000},
             {"data_batch_2.bin", 10000},
             {"data_batch_3.bin", 10000},
             {"data_batch_4.bin", 10000},
             {"data_batch_5.bin", 10000},
             {"test_batch.bin", 10000}}};
  }

  cifar::Images images_;
};

BASIN_PLUGIN("cifar10", "0.1.0", "Apache-2.0", "CIFAR-10 from the files of its binary version.",
             basin::DatasetComponent<Cifar10>)
