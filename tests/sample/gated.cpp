// The sample's fused gate against the same model in the engine's operators: output, gradients, gradients of gradients, in
// every memory layout and precision; and against finite differences. On a GPU, where there is one, against the CPU.
#include <filesystem>
#include <iostream>

#include "abi/cuda.hpp"
#include "catch.hpp"
#include "model/model.hpp"

using namespace basin;

namespace {

std::shared_ptr<Model> gated(const std::string& kernel, Precision precision = Precision::fp32,
                             at::Device device = at::kCPU) {
  static const bool once = [] {
    add_abi_interfaces();
    add_plugin_interfaces();
    // Beside the program, not where it was built: bench/gpu.sh may have carried the folder to another machine.
    Registry::instance().search(
        {std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "samples"});
    return true;
  }();
  (void)once;
  auto model = Model::create(check_options(
      Registry::instance().find("model", "gated"),
      {{"image", int64_t{8}, ""}, {"channels", int64_t{16}, ""}, {"blocks", int64_t{2}, ""}, {"kernel", kernel, ""}}));
  {
    const at::NoGradGuard no_grad;  // no layer hides behind a zero
    for (auto& p : model->parameters().list())
      if (p.value.abs().sum().item<double>() == 0) {
        const int64_t id[] = {p.offset};
        p.value.copy_(draw(stream_of(9, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, id, p.value.sizes())[0] * 0.05);
      }
  }
  model->to(device, precision);
  return model;
}

double relative(const Tensor& a, const Tensor& b) {
  const Tensor x = a.detach().to(at::kCPU, at::kDouble), y = b.detach().to(at::kCPU, at::kDouble);
  return ((x - y).norm() / (y.norm() + 1e-300)).item<double>();
}

const std::vector<int64_t> kIds{0, 1, 2, 3};

Tensor images(uint64_t seed) { return draw(stream_of(seed, BASIN_PURPOSE_NOISE), BASIN_NORMAL, kIds, {3, 8, 8}); }

// mean((model(x) - e)^2)
Tensor loss(Model& model, const Tensor& x) {
  Context context(3, 4, kIds, true);
  const auto device = model.device();
  const Tensor y = model.forward(context, {x, at::arange(0, 400, 100, at::kFloat).to(device)})[0];
  return (y.to(at::kFloat) - images(2).to(device)).square().mean();
}

struct Pass {
  Tensor loss, input_gradient, gradients, second;  // second: of |dL/dx|^2 by x
};
Pass pass(Model& model, at::MemoryFormat format = at::MemoryFormat::Contiguous) {
  const Tensor x = images(1).contiguous(format).to(model.device()).set_requires_grad(true);
  model.parameters().clear_gradients();
  const Tensor l = loss(model, x);
  l.backward();
  model.parameters().collect_gradients(false);
  Pass out{l.detach(), x.grad().clone(), model.parameters().groups()[0].gradients.clone(), {}};
  const Tensor first = torch::autograd::grad({loss(model, x)}, {x}, {}, true, true)[0];
  out.second = torch::autograd::grad({first.square().sum()}, {x})[0];
  return out;
}

void compare(const Pass& fused, const Pass& plain, double tolerance) {
  const double differences[] = {relative(fused.loss, plain.loss), relative(fused.input_gradient, plain.input_gradient),
                                relative(fused.gradients, plain.gradients), relative(fused.second, plain.second)};
  INFO("relative differences: loss " << differences[0] << ", by the input " << differences[1] << ", by the weights "
                                     << differences[2] << ", second " << differences[3]);
  for (double d : differences) CHECK(d < tolerance);
  CHECK(plain.input_gradient.norm().item<double>() > 1e-3);  // something was compared
  CHECK(plain.second.norm().item<double>() > 1e-6);
}

bool no_gpu() {
  const std::string missing = cuda_missing();
  if (!missing.empty()) std::cout << "skipped: " << missing << std::endl;
  return !missing.empty();
}

}  // namespace

TEST_CASE("The fused gate is the engine's, in value and gradient, in both memory layouts") {
  const auto fused = gated("fused"), plain = gated("plain");
  for (auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast})
    compare(pass(*fused, format), pass(*plain, format), 2e-5);
}

TEST_CASE("The fused gate in bf16 is the engine's to bf16's precision") {
  compare(pass(*gated("fused", Precision::bf16)), pass(*gated("plain", Precision::bf16)), 3e-2);
}

TEST_CASE("The fused gate's gradient is that of finite differences") {
  const auto model = gated("fused");
  const Tensor x = images(1).set_requires_grad(true), direction = images(3) / images(3).norm();
  loss(*model, x).backward();
  const double slope = (x.grad() * direction).sum().item<double>();
  const at::NoGradGuard no_grad;
  const double h = 0.05;
  const auto at_distance = [&](double d) { return loss(*model, x + direction * d).item<double>(); };
  const double expected =
      (8 * (at_distance(h) - at_distance(-h)) - (at_distance(2 * h) - at_distance(-2 * h))) / (12 * h);
  INFO(slope << " and " << expected);
  CHECK(std::abs(slope - expected) < 5e-3 * std::abs(expected));
}

TEST_CASE("On a GPU the fused gate gives what it gives on the CPU", "[gpu]") {
  if (no_gpu()) return;
  const auto on_cpu = gated("fused"), on_gpu = gated("fused", Precision::fp32, at::Device(at::kCUDA, 0));
  for (auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast})
    compare(pass(*on_gpu, format), pass(*on_cpu, format), 1e-4);
  compare(pass(*gated("fused", Precision::bf16, at::Device(at::kCUDA, 0))), pass(*gated("fused", Precision::bf16)),
          5e-2);
}
