//! The report: one page that holds everything it shows and fetches nothing.

mod figures;
mod plot;
mod thumbnail;

use super::measure::Compared;
use super::outcome::{Evaluation, grouped, percent};
use super::pictures::Pictures;
use super::write_file;
use anyhow::Context as _;
use countenance_core::FalseMatchRate;
use countenance_gallery::statistics::{OperatingPoint, clopper_pearson};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Writes `index.html` into a folder, which is made if need be, and gives its path.
pub(super) fn write(
    evaluation: &Evaluation,
    pictures: &Pictures,
    root: &Path,
    folder: &Path,
) -> anyhow::Result<PathBuf> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let path = folder.join("index.html");
    write_file(&path, &page(evaluation, pictures, root)?)?;
    Ok(path)
}

fn page(evaluation: &Evaluation, pictures: &Pictures, root: &Path) -> anyhow::Result<String> {
    let mut out = String::new();
    let title = format!(
        "{} on {}",
        evaluation.model,
        evaluation.data_set.join(" + ")
    );
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         img-src data:; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n",
        include_str!("style.css"),
        title = escaped(&title),
    )?;
    heading(&mut out, evaluation)?;
    rates(&mut out, evaluation)?;
    worst(&mut out, evaluation, pictures, root)?;
    method(&mut out, evaluation)?;
    writeln!(
        out,
        "<footer>Countenance {}. This page shows faces: treat it like the pictures it was made \
         from.</footer>\n</main>\n</body>\n</html>",
        env!("CARGO_PKG_VERSION")
    )?;
    Ok(out)
}

fn heading(out: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    let impostors = if evaluation.all_pairs {
        "every impostor pair of their pictures"
    } else {
        "the listed pairs"
    };
    writeln!(
        out,
        "<h1>How often is it wrong?</h1>\n<p class=\"lead\">Model {} in {}{} on {}: {}, {} genuine and \
         {} impostor comparisons of {} pictures of {} people.</p>",
        escaped(&evaluation.model),
        evaluation.precision,
        if evaluation.flip_averaging {
            " with flip averaging"
        } else {
            ""
        },
        escaped(&evaluation.data_set.join(" + ")),
        impostors,
        grouped(evaluation.genuine()),
        grouped(evaluation.impostor()),
        grouped(evaluation.pictures),
        grouped(evaluation.subjects as usize),
    )?;
    out.push_str("<div class=\"cards\">\n");
    let supported = || {
        evaluation
            .rates
            .points
            .iter()
            .filter(|point| point.is_supported())
    };
    let default = supported().find(|point| point.target == FalseMatchRate::DEFAULT);
    if let Some(point) = default.or_else(|| supported().next_back()) {
        let why = if default.is_some() {
            "the default rate"
        } else {
            "the strictest supported"
        };
        card(
            out,
            &percent(point.fnmr),
            &format!("FNMR at FMR {}", point.target),
            &format!(
                "95 % interval {} to {}; {why}",
                percent(point.fnmr_low),
                percent(point.fnmr_high)
            ),
        )?;
    }
    if let Some(accuracy) = &evaluation.accuracy {
        let note = evaluation.accuracy_note();
        let note = format!("± {}; {note}", percent(accuracy.sd));
        card(out, &percent(accuracy.mean), "accuracy", &note)?;
    }
    let eer = percent(evaluation.equal_error_rate());
    let auc = format!("area under the ROC curve {:.5}", evaluation.rates.auc);
    card(out, &eer, "equal error rate", &auc)?;
    let failed = evaluation.failures.len();
    let high = clopper_pearson(failed as u64, evaluation.acquired as u64, 0.05).high;
    card(
        out,
        &grouped(failed),
        "failures to acquire",
        &format!(
            "of {} pictures; at most {} (95 %)",
            grouped(evaluation.acquired),
            percent(high)
        ),
    )?;
    out.push_str("</div>\n");
    Ok(())
}

fn card(out: &mut String, value: &str, what: &str, note: &str) -> std::fmt::Result {
    writeln!(
        out,
        "<div class=\"card\"><b>{value}</b><span class=\"what\">{what}</span><span>{}</span></div>",
        escaped(note)
    )
}

fn rates(out: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    out.push_str(
        "<h2>Strangers let in, friends turned away</h2>\n\
         <p>The false-match rate (FMR) is the share of comparisons of two different people that \
         pass; the false non-match rate (FNMR) is the share of comparisons of one person that do \
         not. A stricter threshold trades the one for the other.</p>\n\
         <div class=\"scroll\"><table>\n<thead><tr><th>FMR</th><th>threshold</th><th>FNMR</th>\
         <th>95 % interval</th><th>FMR at most (95 %)</th><th>supported by the data</th></tr>\
         </thead>\n<tbody>\n",
    );
    for point in &evaluation.rates.points {
        row(out, point)?;
    }
    out.push_str("</tbody></table></div>\n<figure>\n");
    out.push_str(&figures::det_curve(&evaluation.rates)?);
    out.push_str(
        "\n<figcaption>DET curve, both axes by powers of ten; lower is better. The band is the \
         95 % interval by bootstrap over people. A hollow dot marks a rate that the data do not \
         support.</figcaption>\n</figure>\n<figure>\n",
    );
    out.push_str(&figures::distributions(&evaluation.rates)?);
    out.push_str(
        "\n<figcaption>How often each score comes up among genuine and among impostor \
         comparisons, each curve for itself. Dashed: thresholds at two false-match rates. What \
         lies left of a threshold among the genuine, or right of it among the impostors, is \
         decided wrongly.</figcaption>\n</figure>\n",
    );
    Ok(())
}

fn row(out: &mut String, point: &OperatingPoint) -> std::fmt::Result {
    let (class, supported) = if point.is_supported() {
        ("yes", "yes")
    } else {
        ("no", "no")
    };
    writeln!(
        out,
        "<tr><td>{}</td><td>{:.4}</td><td><b>{}</b></td><td>{} – {}</td><td>{:.1e}</td>\
         <td class=\"{class}\">{supported}</td></tr>",
        point.target,
        point.threshold,
        percent(point.fnmr),
        percent(point.fnmr_low),
        percent(point.fnmr_high),
        point.fmr_high,
    )
}

fn worst(
    out: &mut String,
    evaluation: &Evaluation,
    pictures: &Pictures,
    root: &Path,
) -> anyhow::Result<()> {
    out.push_str(
        "<h2>The worst genuine pairs</h2>\n<p>One person by the list, but the least alike. Some \
         are hard pictures, some are errors of the list or a second person in the picture.</p>\n",
    );
    gallery(
        out,
        &evaluation.rates.worst_genuine,
        evaluation,
        pictures,
        root,
    )?;
    out.push_str(
        "<h2>The worst impostor pairs</h2>\n<p>Two people by the list, but the most alike. \
         Relatives, and people listed under two names, turn up here.</p>\n",
    );
    gallery(
        out,
        &evaluation.rates.worst_impostor,
        evaluation,
        pictures,
        root,
    )
}

fn gallery(
    out: &mut String,
    worst: &[Compared],
    evaluation: &Evaluation,
    pictures: &Pictures,
    root: &Path,
) -> anyhow::Result<()> {
    out.push_str("<div class=\"pairs\">\n");
    for pair in worst {
        out.push_str("<figure class=\"pair\"><div>");
        for picture in pair.pictures {
            let face = evaluation.faces.get(picture).copied().flatten();
            let url = thumbnail::data_url(&root.join(pictures.path(picture)), face)?;
            write!(out, "<img alt=\"\" src=\"{url}\">")?;
        }
        let [a, b] = pair.pictures.map(|picture| {
            let stem = pictures.path(picture).file_stem().unwrap_or_default();
            escaped(&stem.to_string_lossy().replace('_', " "))
        });
        writeln!(
            out,
            "</div><figcaption><b>{:.3}</b> {a}<br>{b}</figcaption></figure>",
            pair.score
        )?;
    }
    out.push_str("</div>\n");
    Ok(())
}

fn method(out: &mut String, evaluation: &Evaluation) -> std::fmt::Result {
    out.push_str("<h2>How this was measured</h2>\n<dl>\n");
    let mut entry = |name: &str, value: &str| writeln!(out, "<dt>{name}</dt><dd>{value}</dd>");
    entry(
        "command",
        &format!("<code>{}</code>", escaped(&evaluation.command)),
    )?;
    let model = format!("{} in {}", escaped(&evaluation.model), evaluation.precision);
    entry("model", &model)?;
    entry("lists", &escaped(&evaluation.data_set.join(", ")))?;
    entry(
        "speed",
        &format!(
            "{} pictures in {:.1} s ({:.0} per second), decoding included",
            grouped(evaluation.acquired),
            evaluation.time.as_secs_f64(),
            evaluation.speed()
        ),
    )?;
    entry(
        "intervals",
        &format!(
            "percentile bootstrap over people, {} replicates with seed {}; an impostor comparison \
             counts the product of its two people's weights, and each replicate sets its own \
             threshold",
            grouped(super::measure::REPLICATES),
            super::measure::SEED
        ),
    )?;
    entry(
        "supported",
        "the upper 95 % bound of the FMR, the larger of the bootstrap's and the exact binomial \
         one, is at most twice the rate",
    )?;
    out.push_str("</dl>\n<ul>\n");
    out.push_str(
        "<li>In each picture the face nearest the middle was taken; none was left out for poor \
         quality.</li>\n<li>Pairs with a picture that gave no template count as wrong in the \
         accuracy and are left out of the error rates.</li>\n<li>Pictures of a public data set \
         say little about your cameras, your light and your people: measure with your own before \
         you rely on a rate. Strangers drawn at random are also more alike where they share age \
         and origin.</li>\n<li>Nothing here is a certification.</li>\n",
    );
    if !evaluation.subjects_are_named {
        out.push_str(
            "<li>The list does not name its people: pictures joined by genuine pairs were taken \
             for one person, so the intervals may be too narrow.</li>\n",
        );
    }
    out.push_str("</ul>\n");
    if !evaluation.failures.is_empty() {
        out.push_str("<h2>Failures to acquire</h2>\n<ul>\n");
        for (path, reason) in &evaluation.failures {
            let path = path.display().to_string();
            writeln!(out, "<li>{}: {}</li>", escaped(&path), escaped(reason))?;
        }
        out.push_str("</ul>\n");
    }
    Ok(())
}

/// Text for HTML, inside an element or a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn a_file_name_cannot_become_markup() {
        assert_eq!(
            escaped("<script>\"'&</script>"),
            "&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;"
        );
    }
}
