// Samplers inside samplers and metrics (basin/sampler.h): one that an option named runs on its caller's job, through the
// caller's denoiser where it brings one.
#include <basin/sampler.h>

#include "abi/border.hpp"
#include "measure/denoiser.hpp"

namespace basin {

namespace {

basin_status sample(basin_object* handle, const basin_sampling* job, const basin_denoise* denoise, basin_tensor** out) {
  return guard([&] {
    auto* sampler = dynamic_cast<Object*>(handle);
    if (!sampler || sampler->kind() != "sampler") throw Error("what was given as a sampler is not one");
    needed(out, "The place for the images");
    basin_sampling inner = take(job, "The sampling job");
    needed(inner.denoiser, "The job's denoiser"), needed(inner.process, "The job's process");
    needed(inner.context, "The job's context");
    const Borrowed noise = in(inner.noise, "The job's noise");
    basin_denoise through{};
    basin_denoiser standing = *inner.denoiser;
    if (denoise) {
      through = take(denoise, "The denoiser in a callback");
      if (!through.run) throw Error("The denoiser in a callback has no function.");
      standing.through = &through;
      inner.denoiser = &standing;
    }
    sampler->call([&] { return sampler->functions<basin_sampler_functions>().sample(sampler->self(), &inner, out); },
                  "sample");
    if (!*out || share(*out).sizes() != noise->sizes())
      throw Error("sampler '" + sampler->spec().component->name + "' returned no images of the shape it was asked for",
                  BASIN_ERROR_ABI);
  });
}

const basin_samplers_interface kInterface = {sizeof kInterface, sample};

}  // namespace

void add_samplers_interface() { add_interface(BASIN_SAMPLERS_INTERFACE, &kInterface); }

}  // namespace basin
