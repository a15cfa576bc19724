// Components whose numbers any program can reproduce: a data set of a linear congruence, features that are the pixels
// themselves, and a model that predicts weight * x.
#include <basin/basin.hpp>

using namespace basin;

struct ToyData {
  static constexpr const char* name = "toy_data";
  static constexpr const char* summary = "Bytes of a linear congruence.";
  int64_t count, seed, channels, size;
  static auto parameters() {
    return declare(integer("count", &ToyData::count, 60, "Items."), integer("seed", &ToyData::seed, 1, "Seed."),
                   integer("channels", &ToyData::channels, 2, "Channels."),
                   integer("size", &ToyData::size, 2, "Side."));
  }
  void open() {}
  DatasetInfo describe() {
    DatasetInfo info;
    info.count = count, info.channels = channels, info.height = info.width = size;
    info.reference = "toy";
    return info;
  }
  // make_fixtures.py draws the same: state -> 1664525 state + 1013904223 (mod 2^32) from seed * 2^16 + item, and the
  // byte is the top of the state, squared so that the distribution is skewed.
  void read(Span<const int64_t> indices, void* values, int64_t* labels) {
    auto* out = static_cast<uint8_t*>(values);
    for (size_t i = 0; i < indices.size(); ++i) {
      auto state = static_cast<uint32_t>(seed * 65536 + indices[i]);
      for (int64_t k = 0; k < channels * size * size; ++k) {
        state = 1664525u * state + 1013904223u;
        const uint32_t top = state >> 24;
        *out++ = static_cast<uint8_t>(top * top / 255);
      }
      if (labels) labels[i] = -1;
    }
  }
};

struct ToyFeatures {
  static constexpr const char* name = "toy_features";
  static constexpr const char* summary = "The pixels themselves.";
  Layer layer;
  void build(Builder& b) { layer = b.linear("unused", 1, 1); }
  ModelDescription describe() { return {BASIN_TARGET_NONE, {{"x", {-1, -1, -1}}}, {{"features", {-1}}}, -1, 1, ""}; }
  Tensor forward(const Context&, const Inputs& in) { return in[0].reshape({in[0].size(0), -1}); }
};

struct ToyDoubled : ToyFeatures {
  static constexpr const char* name = "toy_doubled";
  static constexpr const char* summary = "Twice the pixels: as many features, and others.";
  Tensor forward(const Context&, const Inputs& in) { return in[0].reshape({in[0].size(0), -1}) * 2; }
};

struct ToyForgetful : ToyFeatures {
  static constexpr const char* name = "toy_forgetful";
  static constexpr const char* summary = "The pixels, but nothing of a batch of 16 when asked again.";
  static inline int64_t batches_of_16 = 0;
  Tensor forward(const Context&, const Inputs& in) {
    const Tensor x = in[0].reshape({in[0].size(0), -1});
    return x.size(0) == 16 && batches_of_16++ ? x * 0 : x;
  }
};

struct ToyBroken : ToyFeatures {
  static constexpr const char* name = "toy_broken";
  static constexpr const char* summary = "The logarithm of pixels, of which half are below 0.";
  Tensor forward(const Context&, const Inputs& in) { return in[0].reshape({in[0].size(0), -1}).log(); }
};

struct ToyModel {
  static constexpr const char* name = "toy_model";
  static constexpr const char* summary = "epsilon = weight * x + bias.";
  Tensor weight, bias;  // [2,1,1] by channel, [1]
  void build(Builder& b) { weight = b.parameter("weight", {2, 1, 1}, 0.5), bias = b.parameter("bias", {1}, 0.5); }
  ModelDescription describe() {
    return {BASIN_TARGET_EPSILON, {{"x", {2, 2, 2}}, {"t", {}}}, {{"prediction", {2, 2, 2}}}, -1, 1, ""};
  }
  Tensor forward(const Context&, const Inputs& in) { return in[0] * weight + bias; }
};

BASIN_PLUGIN("toy", "0.1.0", "Apache-2.0", "For the tests of metrics.", basin::DatasetComponent<ToyData>,
             basin::ModelComponent<ToyFeatures>, basin::ModelComponent<ToyDoubled>, basin::ModelComponent<ToyForgetful>,
             basin::ModelComponent<ToyBroken>, basin::ModelComponent<ToyModel>)
