// On a GPU: the kernels against the CPU, bit for bit, and a model's forward and backward pass against the CPU's.
// Skipped with a line where there is none.
#include <filesystem>
#include <iostream>

#include "abi/cuda.hpp"
#include "abi/kernels/dropout.hpp"
#include "catch.hpp"
#include "model/model.hpp"

using namespace basin;

namespace {

bool no_gpu() {
  static const std::string missing = cuda_missing();
  static const bool said = [] {
    if (!missing.empty()) std::cout << "skipped: " << missing << std::endl;
    return true;
  }();
  (void)said;
  return !missing.empty();
}

const at::Device kGpu(at::kCUDA, 0);

double relative(const Tensor& a, const Tensor& b) {
  const Tensor x = a.detach().to(at::kCPU, at::kDouble), y = b.detach().to(at::kCPU, at::kDouble);
  return ((x - y).norm() / (y.norm() + 1e-300)).item<double>();
}

std::shared_ptr<Model> small_adm(at::Device device, Precision precision, double dropout) {
  static const bool once = [] {
    add_abi_interfaces();
    add_plugin_interfaces();
    // Beside the program, not where it was built: bench/gpu.sh may have carried the folder to another machine.
    Registry::instance().search(
        {std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "plugins"});
    return true;
  }();
  (void)once;
  auto model = Model::create(
      check_options(Registry::instance().find("model", "adm_unet"), {{"image", int64_t{16}, ""},
                                                                     {"channels", int64_t{32}, ""},
                                                                     {"multipliers", std::vector<int64_t>{1, 2}, ""},
                                                                     {"blocks", int64_t{1}, ""},
                                                                     {"attention", std::vector<int64_t>{8}, ""},
                                                                     {"dropout", dropout, ""}}));
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

struct Pass {
  Tensor output, gradients;
};
Pass pass(Model& model) {
  std::vector<int64_t> ids{0, 1, 2, 3, 4, 5, 6, 7};
  const auto device = model.device();
  const Tensor x = draw(stream_of(1, BASIN_PURPOSE_NOISE), BASIN_NORMAL, ids, {3, 16, 16}, device);
  const Tensor e = draw(stream_of(2, BASIN_PURPOSE_NOISE), BASIN_NORMAL, ids, {3, 16, 16}, device);
  Context context(3, 4, ids, true);
  model.parameters().clear_gradients();
  const Tensor y = model.forward(context, {x, at::arange(0, 800, 100, at::kFloat).to(device)})[0];
  (y.to(at::kFloat) - e).square().mean().backward();
  model.parameters().collect_gradients(false);
  return {y.detach(), model.parameters().groups()[0].gradients.clone()};
}

}  // namespace

TEST_CASE("CUDA draws the bits that the CPU draws", "[gpu]") {
  if (no_gpu()) return;
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < 1100; i++) ids.push_back(i * 3);  // more than two launches
  const basin_stream stream = stream_of(0x0123456789abcdef, BASIN_PURPOSE_NOISE, 41, 0x00f00d);
  for (int32_t distribution : {BASIN_NORMAL, BASIN_UNIFORM, BASIN_BITS})
    for (int64_t n : {3072, 1, 6, 1027})
      CHECK(at::equal(draw(stream, distribution, ids, {n}, kGpu).cpu(), draw(stream, distribution, ids, {n})));
  CHECK(draw(stream, BASIN_NORMAL, {}, {4}, kGpu).sizes() == at::IntArrayRef({0, 4}));
}

TEST_CASE("A step in the device's memory is read when the kernel runs", "[gpu]") {
  if (no_gpu()) return;
  const std::vector<int64_t> ids{5, 6};
  const Tensor step = at::full({}, 900, at::TensorOptions(at::kLong).device(kGpu));
  const Tensor out = at::empty({2, 64}, at::TensorOptions(at::kFloat).device(kGpu));
  cuda().draw({{3, 0, 41, BASIN_PURPOSE_NOISE << 24}, step.const_data_ptr<int64_t>(), ids}, BASIN_NORMAL, out);
  CHECK(at::equal(out.cpu(), draw(stream_of(3, BASIN_PURPOSE_NOISE, 941), BASIN_NORMAL, ids, {64})));
}

TEST_CASE("CUDA drops the elements that the CPU drops, and so do its gradients", "[gpu]") {
  if (no_gpu()) return;
  const std::vector<int64_t> ids{7, 0, 4294967295};
  const Tensor rows = at::tensor(ids, at::kLong);
  const kernels::DropoutKey key{5, BASIN_PURPOSE_DROPOUT, 12, 34};
  for (auto type : {at::kFloat, at::kBFloat16, at::kHalf})
    for (auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
      const Tensor x =
          draw(stream_of(1, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, ids, {12, 5, 5}).to(type).contiguous(format);
      Tensor on_cpu = x.clone().set_requires_grad(true), on_gpu = x.to(kGpu).set_requires_grad(true);
      const Tensor a = kernels::dropout(on_cpu, 0.3, key, rows), b = kernels::dropout(on_gpu, 0.3, key, rows);
      CHECK(at::equal(a, b.cpu()));
      a.sum().backward(), b.sum().backward();
      CHECK(at::equal(on_cpu.grad(), on_gpu.grad().cpu()));
    }
}

TEST_CASE("The module knows its device, stream and memory", "[gpu]") {
  if (no_gpu()) return;
  CHECK(cuda().device_count() >= 1);
  const CudaDevice device = cuda().describe(0);
  CHECK_FALSE(device.name.empty());
  CHECK(device.memory >= device.memory_free);
  CHECK(device.memory_free > 0);
  std::cout << device.name << ", compute capability " << device.major << "." << device.minor << ", "
            << (device.memory >> 20) << " MiB; module for " << cuda().version << std::endl;
  synchronize(kGpu);
}

TEST_CASE("fp32 on CUDA is fp32: no TF32 in products and convolutions", "[gpu]") {
  if (no_gpu()) return;
  const std::vector<int64_t> ids{0, 1};
  const Tensor x = draw(stream_of(1, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, ids, {64, 32, 32});
  const Tensor w = draw(stream_of(2, BASIN_PURPOSE_SCRIPT), BASIN_NORMAL, ids, {32, 64, 3, 3}).flatten(0, 1);
  const Tensor exact = at::conv2d(x.to(at::kDouble), w.to(at::kDouble), {}, 1, 1);
  CHECK(relative(at::conv2d(x.to(kGpu), w.to(kGpu), {}, 1, 1), exact) < 2e-6);
  const Tensor a = x.flatten(0, 2), b = a.t().contiguous();
  CHECK(relative(at::mm(b.to(kGpu), a.to(kGpu)), at::mm(b.to(at::kDouble), a.to(at::kDouble))) < 2e-6);
}

TEST_CASE("A model gives the CPU's output and gradients on CUDA", "[gpu]") {
  if (no_gpu()) return;
  for (double dropout : {0., 0.3}) {
    const Pass cpu = pass(*small_adm(at::kCPU, Precision::fp32, dropout));
    const Pass gpu = pass(*small_adm(kGpu, Precision::fp32, dropout));
    std::cout << "dropout " << dropout << ": relative difference of outputs " << relative(gpu.output, cpu.output)
              << ", of gradients " << relative(gpu.gradients, cpu.gradients) << std::endl;
    CHECK(gpu.output.is_cuda());
    CHECK(relative(gpu.output, cpu.output) < 1e-5);
    CHECK(relative(gpu.gradients, cpu.gradients) < 1e-4);
    const Pass half = pass(*small_adm(kGpu, Precision::bf16, dropout));
    CHECK(relative(half.output, cpu.output) < 0.05);
    CHECK(relative(half.gradients, cpu.gradients) < 0.1);
  }
}
