// Two moons as pictures: a bright spot whose place lies on one of two half circles that reach into each other, the
// labels. A data set of two dimensions in a space of many, made up when it is asked for.
//
// Item i is a function of (seed, i) alone, of four numbers: which moon, where on it, and how far off. A data set of
// files reads item i here instead.
#include <basin/basin.hpp>
#include <cmath>

namespace {
using namespace basin;

struct MyDataset {
  static constexpr const char* name = "my_dataset";
  static constexpr const char* summary = "A bright spot on one of two half circles, the classes.";

  // The options: each line declares one, says its default and range, and fills the field.
  int64_t count, size, seed;
  double noise;
  static auto parameters() {
    return declare(integer("count", &MyDataset::count, 2000, "How many pictures.").at_least(1).unit("images"),
                   integer("size", &MyDataset::size, 16, "Width and height.").between(4, 1024).unit("pixels"),
                   integer("seed", &MyDataset::seed, 0, "Other pictures for another seed.").at_least(0),
                   number("noise", &MyDataset::noise, 0.05, "Standard deviation off the half circle of radius 1.")
                       .between(0, 0.2));
  }

  // Finds and checks files, where there are any; throw error("one sentence") where something is wrong with them.
  void open() {}

  DatasetInfo describe() {
    DatasetInfo info;
    info.count = count, info.channels = 3, info.height = info.width = size;
    info.class_names = {"upper", "lower"}, info.classes = 2;
    info.reference = "my_dataset " + std::to_string(size) + "x" + std::to_string(size) + ", " + std::to_string(count) +
                     " images, seed " + std::to_string(seed);
    return info;
  }

  // uint8 [n,3,size,size], and labels [n] where they are wanted. On any thread.
  void read(Span<const int64_t> indices, void* values, int64_t* labels) const {
    auto* pixels = static_cast<uint8_t*>(values);
    const auto fill = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t moon = draw(indices[static_cast<size_t>(i)], pixels + i * 3 * size * size);
        if (labels) labels[i] = moon;
      }
    };
    // The host's threads are not among what a data set needs, so ask: an older host may lack them.
    const auto n = static_cast<int64_t>(indices.size());
    if (host_has<&basin_parallel_interface::run>()) parallel_for(n, 64, fill);
    else fill(0, n);
  }

 private:
  int64_t draw(int64_t item, uint8_t* pixels) const {  // [3,size,size]; gives the label
    constexpr double pi = 3.14159265358979323846;
    float u[2], off[2];
    fill_uniform(stream(static_cast<uint64_t>(seed), BASIN_PURPOSE_DATA, 0, 0), item, Span<float>(u, 2));
    fill_normal(stream(static_cast<uint64_t>(seed), BASIN_PURPOSE_DATA, 0, 1), item, Span<float>(off, 2));
    const int64_t moon = u[0] < 0.5f ? 0 : 1;
    const double angle = pi * u[1];
    const double x = (moon ? 1 - std::cos(angle) : std::cos(angle)) + noise * off[0];    // -1..2
    const double y = (moon ? 0.5 - std::sin(angle) : std::sin(angle)) + noise * off[1];  // -0.5..1
    const double unit = static_cast<double>(size) / 4;  // pixels: the picture is 4 wide
    const double column = (x + 1.5) * unit, row = (1.75 - y) * unit, width = 0.22 * unit;
    for (int64_t r = 0; r < size; ++r)
      for (int64_t c = 0; c < size; ++c) {
        const double dx = (static_cast<double>(c) + 0.5 - column) / width;
        const double dy = (static_cast<double>(r) + 0.5 - row) / width;
        const auto value = static_cast<uint8_t>(std::lround(255 * std::exp(-0.5 * (dx * dx + dy * dy))));
        for (int64_t channel = 0; channel < 3; ++channel) pixels[(channel * size + r) * size + c] = value;
      }
    return moon;
  }
};

}  // namespace

BASIN_PLUGIN("my_dataset", "0.1.0", "Apache-2.0", "Two moons as pictures.", DatasetComponent<MyDataset>)
