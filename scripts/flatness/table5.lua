-- Table 5: FID when the noise that sampling starts from is attacked (the diffusion loss of the first step maximized within
-- an L2 ball), at one radius and at seven times it, and when it is moved as far in a random direction.
local basin = require "basin"
local study, paper = require "study", require "paper"

local radius = 1
local rows = {}
for _, i in ipairs { 2, 8 } do
  local row = study.rows[i]
  local function fid(times, iterations)
    return study.over_seeds(function(seed)
      local model, run = study.weights(row, seed)
      local sampler = basin.sampler "ddpm" { steps = 20 }
      if times > 0 then
        sampler = basin.sampler "adversarial" { radius = radius * times, iterations = iterations, base = sampler }
      end
      return study.fid(model, run, 20, sampler).value
    end)
  end
  local attacked = paper.table5[row[3]]
  rows[#rows + 1] = {
    row[3], fid(0), study.printed(paper.table2.cifar10[row[3]][1]), fid(1, 10), study.printed(attacked[1]),
    fid(7, 10), study.printed(attacked[2]), fid(7, 0),
  }
end
print(basin.table {
  columns = { "", "no attack", "paper", "radius 1", "paper", "radius 7", "paper", "radius 7, random" }, rows = rows,
})
print "The paper says neither the radius nor the kind of ascent; its rows are those of +EMA and +SAM+EMA in Table 2."
study.footer()
