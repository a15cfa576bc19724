-- Table 5: FID when the noise that sampling starts from is attacked (the diffusion loss of the first step maximized within
-- an L2 ball), at one radius, at seven and at 28 times it, and when it is moved as far in a random direction.
local basin = require "basin"
local study, paper = require "study", require "paper"

local args = basin.args
local rows = {}
for _, i in ipairs { 2, 8 } do
  local row = study.rows[i]
  local function fid(times, iterations)
    return study.over_seeds(function(seed)
      local model, run = study.weights(row, seed)
      local sampler = basin.sampler "ddpm" { steps = 20 }
      if times > 0 then
        sampler = basin.sampler "adversarial" { radius = args.radius * times, iterations = iterations, base = sampler }
      end
      return study.fid(model, run, 20, sampler).value
    end)
  end
  -- The paper's columns are no attack, one noise and seven times it; 28 times ours is as far as the noise itself is long.
  local printed = { [0] = paper.table2.cifar10[row[3]][1], paper.table5[row[3]][1], [7] = paper.table5[row[3]][2] }
  for _, times in ipairs { 0, 1, 7, 28 } do
    rows[#rows + 1] = {
      row[3], args.radius * times, fid(times, args.iterations), study.printed(printed[times]),
      times > 0 and fid(times, 0) or "",
    }
  end
end
print(basin.table { columns = { "", "radius", "FID, attacked", "paper", "moved at random" }, rows = rows })
print "The paper says neither the radius nor the kind of ascent; its rows are those of +EMA and +SAM+EMA in Table 2."
study.footer()
