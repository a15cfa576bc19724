// A quantized copy of a model: what it holds, what it costs, and that the original is left alone.
#include "quantize/quantize.hpp"

#include <basin/quantizer.h>

#include <set>

#include "measure/metric.hpp"
#include "train/support.hpp"

namespace {

using namespace test;

std::shared_ptr<basin::Model> unet() {
  auto m = tiny_unet({{"attention", std::vector<int64_t>{8}}, {"dropout", 0.2}});
  randomize(*m, 5, 0.1);
  m->label = "ema";
  return m;
}

std::shared_ptr<basin::Object> quantizer(int64_t bits, const std::string& scheme = "symmetric",
                                         const std::string& granularity = "channel",
                                         const std::string& which = "weights") {
  return object("quantizer", "uniform",
                {{"bits", bits}, {"scheme", scheme}, {"granularity", granularity}, {"which", which}});
}

Tensor output(basin::Model& model) {
  at::NoGradGuard no_grad;
  const std::vector<int64_t> ids = {0, 1, 2, 3};
  const Tensor x = basin::draw(basin::stream_of(9, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, ids, {3, 8, 8});
  basin::Context context(9, 0, ids);
  return basin::run_model(model, context, x, at::tensor({0.f, 100.f, 500.f, 999.f}), {}).prediction;
}

// Names of the weights that "weights" stands for: of linear and convolution layers, two dimensions and more.
std::vector<std::string> matrices(basin::Model& model) {
  std::vector<std::string> names;
  for (const auto& p : model.parameters().list())
    if (p.name.ends_with(".weight") && p.value.dim() >= 2) names.push_back(p.name);
  return names;
}

// A code of `bits` bits at position i, read bit by bit.
int64_t code_at(const Tensor& bytes, int64_t bits, int64_t i) {
  int64_t code = 0;
  for (int64_t b = 0; b < bits; b++) {
    const int64_t at = i * bits + b;
    code |= ((bytes.const_data_ptr<uint8_t>()[at / 8] >> (at % 8)) & 1) << b;
  }
  return code;
}

}  // namespace

TEST_CASE("the original is left as it is, and the copy lives by itself") {
  auto m = unet();
  const Tensor before = arena(m->parameters()), said = output(*m);
  const auto description = m->describe();
  auto copy = basin::quantize(*m, quantizer(3, "affine", "tensor", "all"));
  CHECK(same_bits(arena(m->parameters()), before));
  CHECK(same_bits(output(*m), said));
  CHECK(m->describe() == description);
  CHECK(m->attached.empty());
  CHECK(m->label == "ema");
  CHECK(copy->label == "ema, 3 bits");
  CHECK(!same_bits(arena(copy->parameters()), before));
  CHECK(copy->describe() != description);
  const Tensor quantized = output(*copy);
  randomize(*m, 6, 0.1);
  CHECK(same_bits(output(*copy), quantized));
}

TEST_CASE("8 bits are nearly equal, and each bit less is worse") {
  auto m = unet();
  const Tensor said = output(*m);
  for (const char* scheme : {"symmetric", "affine"})
    for (const char* granularity : {"channel", "tensor"}) {
      double last = 0;
      for (int64_t bits : {8, 6, 4, 2}) {
        basin::QuantizeReport report;
        const double change =
            relative(said, output(*basin::quantize(*m, quantizer(bits, scheme, granularity), &report)));
        INFO(scheme << " " << granularity << " " << bits << " bits: " << change);
        if (bits == 8) CHECK(change < 0.05);
        CHECK(change > 2 * last);
        last = change;
      }
    }
  basin::QuantizeReport channel, tensor;
  basin::quantize(*m, quantizer(4, "symmetric", "channel"), &channel);
  basin::quantize(*m, quantizer(4, "symmetric", "tensor"), &tensor);
  CHECK(channel.relative_error < tensor.relative_error);  // a scale of its own for each channel
}

TEST_CASE("each channel, or each weight, has at most 2^b levels; what is not asked for keeps its bits") {
  auto m = unet();
  for (int64_t bits : {2, 4, 5})
    for (const char* scheme : {"symmetric", "affine"})
      for (bool by_channel : {true, false}) {
        auto copy = basin::quantize(*m, quantizer(bits, scheme, by_channel ? "channel" : "tensor"));
        const auto names = matrices(*m);
        const std::set<std::string> quantized(names.begin(), names.end());
        REQUIRE(quantized.size() > 10);
        for (const auto& p : copy->parameters().list()) {
          INFO(p.name << ", " << bits << " bits, " << scheme);
          const Tensor original = m->parameters().find(p.name)->value;
          if (!quantized.count(p.name)) {
            CHECK(same_bits(p.value, original));
            continue;
          }
          CHECK(!same_bits(p.value, original));
          const Tensor rows = p.value.detach().contiguous().reshape({by_channel ? p.value.size(0) : 1, -1});
          for (int64_t r = 0; r < rows.size(0); r++) {
            const Tensor levels = std::get<0>(at::_unique(rows[r]));
            CHECK(levels.numel() <= (1 << bits) - (std::string(scheme) == "symmetric" ? 1 : 0));
          }
        }
      }
}

TEST_CASE("\"all\" reaches norms, embeddings and biases too") {
  auto m = unet();
  auto copy = basin::quantize(*m, quantizer(4, "symmetric", "channel", "all"));
  for (const auto& p : copy->parameters().list()) {
    INFO(p.name);
    const Tensor original = m->parameters().find(p.name)->value;
    CHECK(!same_bits(p.value, original));
    const Tensor rows = p.value.detach().contiguous().reshape({p.value.dim() > 1 ? p.value.size(0) : 1, -1});
    for (int64_t r = 0; r < rows.size(0); r++) CHECK(std::get<0>(at::_unique(rows[r])).numel() <= 15);
  }
}

TEST_CASE("a quantized model is not quantized again: its hooks would be lost") {
  const auto small = basin::quantize(*unet(), quantizer(4));
  CHECK(says(refusal([&] { basin::quantize(*small, quantizer(4)); }), {"'ema, 4 bits' is a quantized model"}));
}

TEST_CASE("quantizing weights that lie on the grid changes nothing") {
  auto m = unet();
  for (int64_t bits : {2, 3, 4, 7, 8})
    for (const char* scheme : {"symmetric", "affine"})
      for (const char* which : {"weights", "all"}) {
        auto once = basin::quantize(*m, quantizer(bits, scheme, "channel", which));
        basin::QuantizeReport report;
        auto twice = basin::quantize(*once->copy(), quantizer(bits, scheme, "channel", which), &report);
        INFO(bits << " bits, " << scheme << ", " << which);
        CHECK(same_bits(arena(once->parameters()), arena(twice->parameters())));
        CHECK(report.relative_error == 0);
      }
}

TEST_CASE("the report counts what the state holds") {
  auto m = unet();
  for (int64_t bits : {3, 8})
    for (const char* scheme : {"symmetric", "affine"})
      for (bool by_channel : {true, false}) {
        basin::QuantizeReport report;
        auto copy = basin::quantize(*m, quantizer(bits, scheme, by_channel ? "channel" : "tensor"), &report);
        int64_t weights = 0, rows = 0;
        double squares = 0, error = 0;
        const auto names = matrices(*m);
        for (const auto& name : names) {
          const Tensor a = m->parameters().find(name)->value.detach().to(at::kDouble);
          const Tensor b = copy->parameters().find(name)->value.detach().to(at::kDouble);
          weights += a.numel(), rows += by_channel ? a.size(0) : 1;
          error += (a - b).square().sum().item<double>();
        }
        squares = arena(m->parameters()).to(at::kDouble).square().sum().item<double>();
        const int64_t each = std::string(scheme) == "affine" ? 40 : 32;  // a scale, and the code of 0
        CHECK(report.layers == static_cast<int64_t>(names.size()));
        CHECK(report.weights == weights);
        CHECK(report.bits == weights * bits + rows * each);
        CHECK(report.bits_per_weight == Approx(static_cast<double>(report.bits) / static_cast<double>(weights)));
        CHECK(report.relative_error == Approx(std::sqrt(error / squares)).epsilon(1e-6));
        const int64_t count = m->parameters().count_values();
        CHECK(report.bytes_before == 4 * count);
        CHECK(report.bytes_after == 4 * (count - weights) + (report.bits + 7) / 8);
      }
}

TEST_CASE("the state holds packed codes that decode to the weights, bit for bit") {
  auto m = unet();
  for (int64_t bits : {2, 3, 5, 8})
    for (const char* scheme : {"symmetric", "affine"}) {
      auto copy = basin::quantize(*m, quantizer(bits, scheme));
      const auto state = copy->attached_states.at(0)->save();
      for (const auto& name : matrices(*m)) {
        INFO(name << ", " << bits << " bits, " << scheme);
        const Tensor w = copy->parameters().find(name)->value.detach().contiguous();
        const Tensor &codes = state.at(name + ".codes"), &scales = state.at(name + ".scales"),
                     &zeros = state.at(name + ".zeros");
        CHECK(codes.numel() == (w.numel() * bits + 7) / 8);
        const int64_t row = w.numel() / w.size(0);
        const float* values = w.const_data_ptr<float>();
        bool same = true;
        for (int64_t i = 0; i < w.numel(); i++) {
          const int64_t r = i / row;
          const auto q = static_cast<float>(code_at(codes, bits, i) - zeros.const_data_ptr<uint8_t>()[r]);
          same &= q * scales.const_data_ptr<float>()[r] == values[i];
        }
        CHECK(same);
      }
    }
}

TEST_CASE("a quantizer that finds its codes puts them into the weights, and does not quantize again") {
  auto m = unet();
  auto copy = basin::quantize(*m, quantizer(4));
  auto other = unet();
  randomize(*other, 77, 0.3);  // weights that would give other codes
  basin::State state;
  state.restore(copy->attached_states.at(0)->save());
  const auto q = quantizer(4);
  q->call([&] {
    at::NoGradGuard no_grad;
    return q->functions<basin_quantizer_functions>().attach(q->self(), &other->layers(), &state);
  });
  for (const auto& name : matrices(*m))
    CHECK(same_bits(other->parameters().find(name)->value.contiguous(),
                    copy->parameters().find(name)->value.contiguous()));
}

TEST_CASE("perturbing a quantized model moves the weights that are used; bf16 stays bf16") {
  auto m = unet();
  m->to(at::kCPU, basin::Precision::bf16);
  auto copy = basin::quantize(*m, quantizer(8));
  CHECK(copy->precision() == basin::Precision::bf16);
  const Tensor said = output(*copy);
  {
    at::NoGradGuard no_grad;
    copy->parameters().groups()[0].values.mul_(1.2);
  }
  CHECK(relative(said, output(*copy)) > 0.01);
}

TEST_CASE("a model that diverged, or has nothing to quantize, is refused in a sentence") {
  auto m = unet();
  {
    at::NoGradGuard no_grad;
    m->parameters().find("out.2.weight")->value[0][0][0][0] = std::nan("");
  }
  CHECK(says(refusal([&] { basin::quantize(*m, quantizer(8)); }), {"'out.2.weight' holds a value that is not finite"}));
  auto line = model("line");
  CHECK(says(refusal([&] { basin::quantize(*line, quantizer(8)); }), {"no layer with weights"}));
  CHECK_THROWS(quantizer(9));
  CHECK_THROWS(quantizer(1));
}

TEST_CASE("a fresh model's zeros stay zeros") {
  auto m = tiny_unet();  // its last convolution begins at zero
  auto copy = basin::quantize(*m, quantizer(2, "affine"));
  CHECK((copy->parameters().find("out.2.weight")->value == 0).all().item<bool>());
  CHECK(at::isfinite(arena(copy->parameters())).all().item<bool>());
}
