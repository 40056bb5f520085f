// Pictures that hold a before and an after side by side become one with a slider.
for (const image of document.querySelectorAll('img[alt="Before and after"]')) {
  const box = document.createElement('div');
  box.className = 'compare';
  box.innerHTML = '<div></div><div class="before"></div><input type="range" value="50">';
  box.style.setProperty('--picture', `url("${image.src}")`);
  const slider = box.querySelector('input');
  slider.ariaLabel = 'Share of the picture that is shown as it was before';
  const show = () => box.style.setProperty('--share', `${slider.value}%`);
  slider.addEventListener('input', show);
  show();
  image.replaceWith(box);
}
