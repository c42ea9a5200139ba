/** Comes from an app: asks again as a page of ours, which brings the cookie; then by way of the desk's sign-in. */
if (document.body.dataset.place === 'arriving') location.replace(`${location.pathname}?here`)
else {
  sessionStorage.setItem('return', `${location.pathname}?here`)
  location.replace('/sign-in')
}
